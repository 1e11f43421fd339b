"""Nothing waits without a reason."""

import pytest

from orquestra.engine.database.tables import Cluster, Node
from orquestra.sdk.schema.cluster import NodeState
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT, asked_of, began, ended, finished, invocation_of, started

pytestmark = pytest.mark.anyio

IMAGE = "registry.example.com/solver:1"


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
def messages(user, run_id):
    """Why the run and its tasks are as they are."""

    async def ask() -> tuple[str | None, str | None, str | None]:
        run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
        tasks = {
            task["invocationId"].rpartition("-")[2]: task["status"].get("message")
            for task in run["taskRuns"]
        }
        return run["status"].get("message"), tasks["load"], tasks["solve"]

    return ask


@pytest.mark.parametrize(
    ("launched", "began_work", "reason"),
    [
        (False, False, "The head of its run cluster is not launched yet; its image is 127.0.0.1:"),
        (True, False, "The head of its run cluster is starting."),
        (True, True, "Its run cluster is up and is about to begin it."),
    ],
)
async def test_a_run_waits_for_its_cluster(
    services, run_id, messages, launched, began_work, reason
):
    async with services.database.writing() as session:
        cluster = await session.get_one(Cluster, run_id)
        cluster.head_launched_at = AT if launched else None
        cluster.head_began_at = AT if began_work else None

    assert all(message.startswith(reason) for message in await messages())


async def test_why_all_of_them_wait_is_asked_once(services, messages):
    asked = asked_of(services)

    await messages()

    assert sum("FROM clusters" in query for query in asked) == 1


async def test_a_task_waits_for_the_results_that_it_needs(run_id, head_of, definition, messages):
    load = invocation_of(definition, "load")
    await head_of(run_id).tell(1, [started(run_id), began(run_id, load)])

    assert await messages() == (None, None, "Waits for the result of load.")


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ([], f"A node is to be requested, of image {IMAGE}."),
        ([NodeState.STOPPED], f"A node is to be requested, of image {IMAGE}."),
        ([NodeState.REQUESTED], f"A node was requested, of image {IMAGE}."),
        (
            [NodeState.REQUESTED, NodeState.PULLING],
            f"A node waits until its image is pulled: {IMAGE}.",
        ),
        ([NodeState.PULLING, NodeState.STARTING], f"A node is starting, of image {IMAGE}."),
        ([NodeState.READY], f"Waits for a place on 1 node of image {IMAGE}."),
        ([NodeState.READY, NodeState.READY], f"Waits for a place on 2 nodes of image {IMAGE}."),
    ],
)
async def test_a_task_whose_inputs_are_there_waits_for_a_node(
    services, user, run_id, head_of, definition, messages, states, reason
):
    load = invocation_of(definition, "load")
    await head_of(run_id).tell(1, [started(run_id), ended(run_id, load, State.SUCCEEDED)])
    pools = (await user.get(f"/api/workflow-runs/{run_id}/nodes")).json()["data"]
    (pool,) = [pool["id"] for pool in pools if pool["image"] == IMAGE]
    async with services.database.writing() as session:
        for number, state in enumerate(states):
            node = Node(cluster_id=run_id, id=f"n-{number}", pool_id=pool, state=state)
            node.request_id, node.tags, node.requested_at = "r", {}, AT
            session.add(node)

    assert (await messages())[2] == reason


async def test_after_a_failure_nothing_more_begins(run_id, head_of, definition, messages):
    failure = ended(run_id, invocation_of(definition, "load"), State.FAILED, message="no")
    await head_of(run_id).tell(1, [started(run_id), failure])
    assert (await messages())[2] == "It will not begin, since another task of the run has failed."

    await head_of(run_id).tell(2, [finished(run_id, State.FAILED)])
    assert (await messages())[2] == "It had not begun when the run ended."


async def test_an_attempt_that_is_to_be_repeated_says_why_itself(
    run_id, head_of, definition, messages
):
    load = invocation_of(definition, "load")
    lost = ended(run_id, load, State.FAILED, final=False, message="The node was lost.")
    await head_of(run_id).tell(1, [started(run_id), lost])

    assert (await messages())[1] == "The node was lost."
