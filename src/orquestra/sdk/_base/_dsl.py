"""See `orquestra.sdk._client._base._dsl`."""

from orquestra.sdk._client._base._dsl import *  # noqa: F403
