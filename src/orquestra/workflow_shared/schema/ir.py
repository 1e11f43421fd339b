"""Another name of `orquestra.sdk.schema.ir`."""

from orquestra.sdk.schema.ir import *  # noqa: F403
