"""Views for tests: a cluster as it should be, with changes."""

from datetime import UTC, datetime, timedelta

from orquestra.engine.reconciling.views import ClusterView, NodeView, RunView
from orquestra.sdk.schema.cluster import ClusterId
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLUSTER = ClusterId("fit-Ab1Cd-r000")


def run(
    name: str = CLUSTER,
    *,
    state: State = State.RUNNING,
    heads_lost: int = 0,
    started_at: datetime | None = NOW,
) -> RunView:
    return RunView(
        id=WorkflowRunId(name), state=state, started_at=started_at, heads_lost=heads_lost
    )


def cluster(*nodes: NodeView, **changes) -> ClusterView:
    fields = {
        "id": CLUSTER,
        "shared": False,
        "taken": True,
        "retired": False,
        "head_image": "base@sha256:0",
        "head_launches": 1,
        "head_launched_at": NOW - timedelta(seconds=10),
        "head_began": True,
        "images": frozenset(),
        "runs": (run(),),
    }
    return ClusterView(**{**fields, **changes}, nodes=nodes)
