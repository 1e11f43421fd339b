"""The nodes of a run on a cluster that others use too."""

from datetime import timedelta

import pytest

from orquestra.engine.database.tables import Node, Run
from orquestra.sdk.schema.cluster import NodeState
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT, ended, invocation_of

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


@pytest.fixture
async def run_id(submit, services):
    """A run that lasted from `AT` for an hour."""
    run_id = await submit()
    async with services.database.writing() as session:
        run = await session.get_one(Run, run_id)
        run.created_at, run.ended_at = AT, AT + HOUR
    return run_id


@pytest.fixture
def add_node(services, run_id, head_of, definition):
    async def added(name: str, *, since: timedelta, until: timedelta | None) -> None:
        plan = await head_of(run_id).plan()
        solve = invocation_of(definition, "solve")
        pool = next(pool for pool, names in plan.invocations.items() if solve in names)
        async with services.database.writing() as session:
            session.add(
                Node(
                    cluster_id=run_id,
                    id=name,
                    pool_id=pool,
                    request_id="r",
                    tags={},
                    state=NodeState.STOPPED if until else NodeState.READY,
                    requested_at=AT + since,
                    ended_at=until and AT + until,
                )
            )

    return added


async def test_a_run_shows_the_nodes_that_lived_during_it_with_its_own_tasks(
    add_node, run_id, user, head_of, definition
):
    await add_node("before", since=-2 * HOUR, until=-HOUR)
    await add_node("across", since=-HOUR, until=None)
    await add_node("within", since=HOUR / 4, until=HOUR / 2)
    await add_node("after", since=2 * HOUR, until=None)
    solve = invocation_of(definition, "solve")
    await head_of(run_id).tell(1, [ended(run_id, solve, State.SUCCEEDED, node="within")])

    pools = (await user.get(f"/api/workflow-runs/{run_id}/nodes")).json()["data"]

    nodes = {node["id"]: node["tasks"] for pool in pools for node in pool["nodes"]}
    assert list(nodes) == ["across", "within"]
    assert nodes["across"] == []
    assert [task["invocationId"] for task in nodes["within"]] == [solve]
