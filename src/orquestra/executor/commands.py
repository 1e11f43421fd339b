"""What an executor is asked to do, on its way through the inbox to the executor's own thread."""

from collections.abc import Sequence
from typing import NamedTuple

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolPlan, RunPlan
from orquestra.sdk.schema.workflow_run import WorkflowRunId


class SetPools(NamedTuple):
    """Take the pools that there are now."""

    pools: Sequence[PoolPlan]


class Begin(NamedTuple):
    """Execute a run."""

    plan: RunPlan
    definition: ir.WorkflowDef


class End(NamedTuple):
    """Call off what is left of a run."""

    run_id: WorkflowRunId
