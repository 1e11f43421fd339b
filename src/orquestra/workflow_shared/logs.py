"""Another name of `orquestra.sdk.logs`."""

from orquestra.sdk.logs import *  # noqa: F403
