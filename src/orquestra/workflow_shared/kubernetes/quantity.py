"""Another name of `orquestra.sdk.kubernetes.quantity`."""

from orquestra.sdk.kubernetes.quantity import *  # noqa: F403
