"""Another name of `orquestra.sdk.exceptions`."""

from orquestra.sdk.exceptions import *  # noqa: F403
