"""The life of a run as user, head and reconciler see it, with containers in memory."""

from dataclasses import replace

import pytest

from orquestra.engine.images.testing import orquestra_image
from orquestra.engine.provisioning.contract import HEAD
from orquestra.sdk.logs import read_task_logs
from orquestra.sdk.schema.cluster import (
    LogKind,
    LogLine,
    LogLines,
    LogStream,
    NodeJoined,
    RunPlan,
)
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import (
    AT,
    began,
    ended,
    finished,
    invocation_of,
    started,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def round_trip(reconciler):
    """One round of the reconciler with everything it begins."""

    async def go() -> None:
        await reconciler.step()
        await reconciler.settle()

    return go


def pool_of(plan: RunPlan, invocation: str) -> str:
    return next(pool for pool, names in plan.invocations.items() if invocation in names)


async def status(user, run_id: str) -> dict:
    return (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]


async def test_a_run_gets_a_head_nodes_and_results_and_leaves_nothing(
    submit, user, head_of, definition, provisioner, round_trip
):
    run_id = await submit()
    await round_trip()
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]

    head = head_of(run_id)
    await head.begin()
    plan = await head.plan()
    solve = invocation_of(definition, "solve")
    pool = pool_of(plan, solve)
    (node,) = (await head.want(pool, 1)).json()
    await round_trip()
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD, node["id"]]

    events = [
        started(run_id),
        NodeJoined(at=AT, node_id=node["id"]),
        began(run_id, solve, node=node["id"]),
    ]
    await head.tell(1, events)
    running = await status(user, run_id)
    assert running["status"]["state"] == "RUNNING"
    states = {task["invocationId"]: task["status"]["state"] for task in running["taskRuns"]}
    assert states == {solve: "RUNNING", invocation_of(definition, "load"): "WAITING"}

    await head.store(definition.output_ids[0], b"6")
    last = [
        ended(run_id, solve, State.SUCCEEDED, node=node["id"]),
        finished(run_id, State.SUCCEEDED),
    ]
    await head.tell(2, last)
    (result_id,) = (await user.get(f"/api/run-results?workflowRunId={run_id}")).json()["data"]
    result = (await user.get(f"/api/run-results/{result_id}")).json()
    assert [value["value"] for value in result["results"]] == ["6", '"constant"']

    await round_trip()
    assert provisioner.specs() == []
    assert (await provisioner.inventory()).networks == frozenset()
    pools = (await user.get(f"/api/workflow-runs/{run_id}/nodes")).json()["data"]
    (used,) = [pool for pool in pools if pool["nodes"]]
    assert used["image"] == "registry.example.com/solver:1"
    assert used["nodes"][0]["state"] == "STOPPED"
    assert used["nodes"][0]["tasks"][0]["invocationId"] == solve


async def test_a_head_runs_in_the_image_that_its_workflow_names(
    user, definition, catalogue, provisioner, round_trip
):
    image = orquestra_image(content="head")
    catalogue.put("registry.example.com/head:1", image)
    document = definition.model_dump(mode="json")
    document["metadata"]["head_node_image"] = "registry.example.com/head:1"
    stored = await user.post("/api/workflow-definitions", json=document)

    await user.post(
        "/api/workflow-runs", json={"workflowDefinitionID": stored.json()["data"]["id"]}
    )
    await round_trip()

    (head,) = provisioner.specs()
    assert (head.node_id, head.image) == (HEAD, f"registry.example.com/head@{image.digest}")


async def test_a_pool_never_has_more_nodes_than_its_cap(submit, head_of, definition, round_trip):
    run_id = await submit()
    await round_trip()
    head = head_of(run_id)
    pool = pool_of(await head.plan(), invocation_of(definition, "solve"))

    first = (await head.want(pool, 5, request="r-1")).json()
    again = (await head.want(pool, 5, request="r-1")).json()
    second = (await head.want(pool, 1, request="r-2")).json()

    assert len(first) == 2
    assert [node["id"] for node in again] == [node["id"] for node in first]
    assert second == []


async def test_a_node_that_is_stopping_still_counts_until_it_is_gone(
    submit, head_of, definition, round_trip
):
    run_id = await submit()
    await round_trip()
    head = head_of(run_id)
    pool = pool_of(await head.plan(), invocation_of(definition, "solve"))
    nodes = (await head.want(pool, 2)).json()

    await head.call("DELETE", f"nodes/{nodes[0]['id']}")
    while_stopping = (await head.want(pool, 1, request="r-2")).json()
    await round_trip()
    afterwards = (await head.want(pool, 1, request="r-3")).json()

    assert while_stopping == []
    assert len(afterwards) == 1


async def test_the_first_failed_task_fails_the_run_while_others_go_on(
    submit, user, head_of, definition, round_trip, provisioner
):
    run_id = await submit()
    await round_trip()
    head = head_of(run_id)
    solve, load = (invocation_of(definition, name) for name in ("solve", "load"))

    failure = ended(run_id, load, State.FAILED, message="ValueError: no data")
    await head.tell(1, [started(run_id), failure])
    await round_trip()

    seen = await status(user, run_id)
    assert seen["status"]["state"] == "FAILED"
    assert seen["status"]["message"] == f"Task 'load' failed: ValueError: no data ({load})"
    assert len(provisioner.specs()) == 1, "the cluster stays while tasks go on"

    await head.tell(2, [ended(run_id, solve, State.SUCCEEDED), finished(run_id, State.FAILED)])
    await round_trip()
    assert provisioner.specs() == []


async def test_a_batch_counts_once_however_often_it_is_sent(submit, user, head_of, definition):
    run_id = await submit()
    head = head_of(run_id)
    solve = invocation_of(definition, "solve")
    line = LogLines(
        run_id=run_id,
        kind=LogKind.TASK,
        stream=LogStream.OUT,
        lines=[LogLine(at=1.0, text="hello")],
        invocation_id=solve,
    )

    for _ in range(2):
        answer = await head.tell(1, [ended(run_id, solve, State.SUCCEEDED), line])
        assert answer.status_code == 204

    runs = (await user.get("/api/workflow-runs")).json()["data"]
    assert [run["completedTasks"] for run in runs] == [1]
    logs = await user.get(f"/api/task-run-logs?workflowRunId={run_id}&taskInvocationId={solve}")
    assert read_task_logs(logs.content).out == ["hello"]


async def test_an_attempt_that_is_not_the_last_puts_its_task_back(
    submit, user, head_of, definition
):
    run_id = await submit()
    head = head_of(run_id)
    solve = invocation_of(definition, "solve")
    lost = ended(run_id, solve, State.FAILED, final=False, message="the node was lost")

    await head.tell(1, [started(run_id), lost])

    (task,) = [
        task for task in (await status(user, run_id))["taskRuns"] if task["invocationId"] == solve
    ]
    assert task["status"]["state"] == "WAITING"
    assert task["status"]["message"] == "the node was lost"


async def test_a_lost_head_is_replaced_and_told_what_exists_already(
    submit, head_of, definition, provisioner, round_trip, user
):
    run_id = await submit()
    await round_trip()
    head = head_of(run_id)
    load, solve = (invocation_of(definition, name) for name in ("load", "solve"))
    packed = definition.task_invocations[load].output_ids[-1]
    await head.store(packed, b"[1, 2, 3]")
    begun = began(run_id, solve)
    await head.tell(1, [started(run_id), ended(run_id, load, State.SUCCEEDED), begun])

    for file in head.exchange.iterdir():
        file.unlink()
    provisioner.end(provisioner.handle_of(run_id, HEAD), exit_code=1)
    await round_trip()

    plan = await head.plan()
    ((artifact_id, location),) = plan.stored
    assert artifact_id == packed
    assert (head.exchange / location.file).read_bytes() == b"[1, 2, 3]"
    assert plan.attempts_made == {load: 1, solve: 1}
    states = {
        task["invocationId"]: task["status"]["state"]
        for task in (await status(user, run_id))["taskRuns"]
    }
    assert states == {load: "SUCCEEDED", solve: "WAITING"}
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]


async def test_a_head_gets_the_definition_to_the_letter(submit, head_of, user, definition):
    sent = definition.model_dump_json(indent=3).replace("solving", "s\u00f6lving")
    stored = await user.post("/api/workflow-definitions", content=sent)
    body = {"workflowDefinitionID": stored.json()["data"]["id"]}
    run_id = (await user.post("/api/workflow-runs", json=body)).json()["data"]["id"]

    answer = await head_of(run_id).call("GET", f"runs/{run_id}/definition")

    assert answer.text == sent
    assert answer.headers["Content-Type"] == "application/json"


async def test_stopping_takes_everything_away(
    submit, user, head_of, definition, provisioner, round_trip
):
    run_id = await submit()
    await round_trip()
    head = head_of(run_id)
    pool = pool_of(await head.plan(), invocation_of(definition, "solve"))
    await head.want(pool, 2)

    answer = await user.post(f"/api/workflow-runs/{run_id}/terminate?force=True")
    again = await user.post(f"/api/workflow-runs/{run_id}/terminate")
    await round_trip()

    assert (answer.status_code, again.status_code) == (204, 204)
    assert (await status(user, run_id))["status"]["state"] == "KILLED"
    assert provisioner.specs() == []
    assert (await head.call("GET", f"runs/{run_id}/plan")).status_code == 410


async def test_a_head_sees_its_own_run_only(submit, head_of, services):
    mine, other = await submit(), await submit()
    head = head_of(mine)
    stolen = replace(head, cluster_id=other)

    assert (await stolen.call("GET", "work?after=0")).status_code == 403
    assert (await stolen.call("GET", f"runs/{other}/plan")).status_code == 403


async def test_a_user_sees_their_own_runs_only(submit, user, services):
    run_id = await submit()
    user.headers["Authorization"] = f"Bearer {services.tokens.issue('eve')}"

    for path in (
        f"workflow-runs/{run_id}",
        f"workflow-runs/{run_id}/nodes",
        f"run-results?workflowRunId={run_id}",
        f"artifacts?workflowRunId={run_id}",
        f"workflow-run-logs?workflowRunId={run_id}",
        f"workflow-run-logs/tasks?workflowRunId={run_id}",
    ):
        assert (await user.get(f"/api/{path}")).status_code == 403
    assert (await user.get("/api/workflow-runs")).json()["data"] == []


async def test_the_next_attempt_may_be_told_of_before_the_end_of_the_last(
    submit, user, head_of, definition
):
    run_id = await submit()
    head = head_of(run_id)
    solve = invocation_of(definition, "solve")
    again = began(run_id, solve, attempt=2, node="n-2")

    await head.tell(1, [started(run_id), again])
    await head.tell(2, [ended(run_id, solve, State.FAILED, final=False, message="it crashed")])

    states = {
        task["invocationId"]: task["status"]["state"]
        for task in (await status(user, run_id))["taskRuns"]
    }
    assert states[solve] == "RUNNING"


async def test_a_reason_that_names_its_task_is_the_message_as_it_is(
    submit, user, head_of, definition
):
    run_id = await submit()
    load = invocation_of(definition, "load")
    reason = "Task 'load' ran out of memory on its node: 1.00 GiB of 1.00 GiB were in use"

    await head_of(run_id).tell(1, [ended(run_id, load, State.FAILED, message=reason)])

    assert (await status(user, run_id))["status"]["message"] == f"{reason} ({load})"
