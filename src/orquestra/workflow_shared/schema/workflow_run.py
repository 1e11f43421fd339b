"""Another name of `orquestra.sdk.schema.workflow_run`."""

from orquestra.sdk.schema.workflow_run import *  # noqa: F403
