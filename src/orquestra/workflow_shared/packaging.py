"""Another name of `orquestra.sdk.packaging`."""

from orquestra.sdk.packaging import *  # noqa: F403
