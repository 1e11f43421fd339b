"""Another name of `orquestra.sdk.schema.configs`."""

from orquestra.sdk.schema.configs import *  # noqa: F403
