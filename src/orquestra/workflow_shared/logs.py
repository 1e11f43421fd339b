"""Another name of `orquestra.sdk.runs.logs`."""

from orquestra.sdk.runs.logs import *  # noqa: F403
