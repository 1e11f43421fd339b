"""Another name of `orquestra.sdk.schema.responses`."""

from orquestra.sdk.schema.responses import *  # noqa: F403
