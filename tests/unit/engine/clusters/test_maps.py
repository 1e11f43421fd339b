"""Maps: how many elements they have, and what becomes of these."""

import pytest

from orquestra.engine.runs.tasks import Attempt
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    AttemptsBegan,
    AttemptsEnded,
    MapOpened,
    StoredValue,
)
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import asked_of, began, ended, finished, invocation_of, started

pytestmark = pytest.mark.anyio


@pytest.fixture
def definition(definition) -> ir.WorkflowDef:
    """The workflow of the stories, with a map of `load` whose list `solve` takes."""
    load = invocation_of(definition, "load")
    document = definition.model_dump(mode="json")
    document["constant_nodes"]["numbers"] = {
        "id": "numbers",
        "value": "[1, 2, 3]",
        "serialization_format": "JSON",
        "value_preview": "[1, 2, 3]",
    }
    invocation = document["task_invocations"][load]
    invocation |= {"map_over": [0], "args_ids": ["numbers"]}
    invocation["output_ids"] = invocation["output_ids"][-1:]
    return ir.WorkflowDef.model_validate(document)


@pytest.fixture
def load(definition) -> str:
    return invocation_of(definition, "load")


@pytest.fixture
def result(definition, load) -> str:
    (artifact,) = definition.task_invocations[load].output_ids
    return artifact


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
def head(head_of, run_id):
    return head_of(run_id)


@pytest.fixture
def counted(user, run_id):
    """Gives the numbers of completed and of all tasks."""

    async def looked() -> tuple[int, int]:
        (run,) = (await user.get("/api/workflow-runs")).json()["data"]
        return run["completedTasks"], run["totalTasks"]

    return looked


@pytest.fixture
def map_of(user, run_id, load):
    """Gives the one task that the map is for its user."""

    async def looked() -> dict:
        run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
        assert len(run["taskRuns"]) == 2
        (task,) = [each for each in run["taskRuns"] if each["invocationId"] == load]
        return task["status"]

    return looked


def opened(run_id: str, invocation: str, length: int = 3) -> MapOpened:
    return MapOpened(run_id=run_id, invocation_id=invocation, length=length)


async def test_an_open_map_adds_its_elements_to_the_tasks_once(head, run_id, load, counted):
    assert await counted() == (0, 2)
    await head.tell(1, [opened(run_id, load)])

    await head.tell(2, [opened(run_id, load), opened(run_id, load, 7)])

    assert await counted() == (0, 5)
    assert (await head.plan()).lengths == {load: 3}


@pytest.mark.parametrize(("name", "length"), [("solve", 3), ("load", -1)])
async def test_what_cannot_be_opened_is_refused(head, run_id, definition, counted, name, length):
    answer = await head.tell(1, [opened(run_id, invocation_of(definition, name), length)])

    assert answer.status_code == 400
    assert f"is no map of {length} elements" in answer.json()["detail"]
    assert await counted() == (0, 2)


async def test_elements_count_as_tasks_and_the_map_is_one(head, run_id, load, counted, map_of):
    await head.tell(1, [started(run_id), opened(run_id, load), began(run_id, f"{load}.1")])
    running = await map_of()
    await head.tell(2, [ended(run_id, f"{load}.{k}", State.SUCCEEDED) for k in range(3)])
    gathering = await map_of()
    assert await counted() == (3, 5)

    await head.tell(3, [ended(run_id, load, State.SUCCEEDED)])

    assert (running["state"], running["message"]) == ("RUNNING", "0 of 3 elements are done.")
    assert (gathering["state"], gathering["message"]) == ("RUNNING", "3 of 3 elements are done.")
    assert await map_of() == {
        "state": "SUCCEEDED",
        "startTime": "2026-11-22T12:00:02Z",
        "endTime": "2026-11-22T12:00:09Z",
    }
    assert await counted() == (4, 5)


async def test_an_element_that_failed_for_good_fails_the_map_and_the_run(
    head, run_id, load, map_of, user
):
    reason = "Element 1 of task 'load' failed: ValueError: no data"
    events = [
        opened(run_id, load),
        ended(run_id, f"{load}.0", State.FAILED, final=False, message="the node was lost"),
        ended(run_id, f"{load}.1", State.FAILED, message=reason),
        began(run_id, f"{load}.2"),
    ]
    await head.tell(1, events)

    await head.tell(2, [finished(run_id, State.FAILED)])

    task = await map_of()
    assert (task["state"], task["message"]) == ("FAILED", reason)
    run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
    assert run["status"]["message"] == f"{reason} ({load}.1)"


async def test_a_map_ends_with_its_run(head, run_id, load, map_of, user):
    await head.tell(1, [opened(run_id, load), ended(run_id, f"{load}.0", State.SUCCEEDED)])

    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    task = await map_of()
    assert (task["state"], "endTime" in task, "message" in task) == ("TERMINATED", True, False)


async def test_a_map_of_which_a_repeated_element_has_ended_began_with_the_first_attempt(
    head, run_id, load, map_of
):
    def at(event, attempt: int, seconds: float):
        (known,) = event.attempts
        later = known._replace(attempt=attempt, started_at=known.started_at + seconds)
        return event.model_copy(update={"attempts": [later]})

    first = at(ended(run_id, f"{load}.0", State.FAILED, final=False, message="again"), 1, 0)
    second = at(ended(run_id, f"{load}.0", State.SUCCEEDED), 2, 3)
    await head.tell(1, [opened(run_id, load), first, second])

    task = await map_of()

    assert (task["state"], task["message"]) == ("RUNNING", "1 of 3 elements are done.")
    assert task["startTime"] == "2026-11-22T12:00:02Z"


async def test_the_attempts_of_elements_are_counted_and_not_read(
    head, run_id, load, map_of, monkeypatch
):
    attempts = [ended(run_id, f"{load}.{k}", State.SUCCEEDED).attempts[0] for k in range(300)]
    told = AttemptsEnded(run_id=run_id, attempts=attempts, values=[])
    await head.tell(1, [opened(run_id, load, 300), told, began(run_id, load)])
    read = []

    class Noted(Attempt):
        def __new__(cls, *values):
            read.append(values)
            return Attempt(*values)

    monkeypatch.setattr("orquestra.engine.runs.store.Attempt", Noted)

    assert (await map_of())["message"] == "300 of 300 elements are done."
    assert len(read) == 1


class TestNamesLikeThoseOfElements:
    """An invocation may be named as no element is, though it begins with the id of a map."""

    @pytest.fixture
    def definition(self, definition, load) -> ir.WorkflowDef:
        solve = invocation_of(definition, "solve")
        text = definition.model_dump_json().replace(f'"{solve}"', f'"{load}.x"')
        return ir.WorkflowDef.model_validate_json(text)

    async def test_it_is_a_task_of_its_own(self, head, run_id, load, user):
        events = [opened(run_id, load), ended(run_id, f"{load}.x", State.FAILED, message="no")]
        await head.tell(1, events)

        run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]

        states = {each["invocationId"]: each["status"]["state"] for each in run["taskRuns"]}
        assert states == {load: "WAITING", f"{load}.x": "FAILED"}


async def test_elements_that_were_not_run_are_told_of_at_the_end(head, run_id, load, map_of):
    reused = [ended(run_id, f"{load}.{k}", State.SUCCEEDED, node=None) for k in (0, 2)]
    await head.tell(1, [opened(run_id, load), *reused, ended(run_id, load, State.SUCCEEDED)])

    assert (await map_of())["message"] == "Reused the results of 2 of 3 elements."


async def test_a_map_of_nothing_is_what_its_own_attempt_is(head, run_id, load, map_of, counted):
    await head.tell(1, [opened(run_id, load, 0), ended(run_id, load, State.SUCCEEDED)])

    assert (await map_of())["state"] == "SUCCEEDED"
    assert await counted() == (1, 2)


@pytest.mark.parametrize("suffix", [".3", ".-1", ".01", ".x", ".", ".٢", ".1.1"])
async def test_an_element_that_there_is_not_is_refused(head, run_id, load, suffix, counted):
    event = ended(run_id, f"{load}{suffix}", State.SUCCEEDED)

    answer = await head.tell(1, [opened(run_id, load), event])

    assert answer.status_code == 400
    assert f"no task invocation '{load}{suffix}'" in answer.json()["detail"]
    assert await counted() == (0, 2)


async def test_no_element_is_known_before_the_map_is_open(head, run_id, load):
    assert (await head.tell(1, [began(run_id, f"{load}.0")])).status_code == 400


async def test_what_is_no_map_has_no_elements(head, run_id, load, definition):
    solve = invocation_of(definition, "solve")

    answer = await head.tell(1, [opened(run_id, load), began(run_id, f"{solve}.0")])

    assert answer.status_code == 400


async def test_values_of_elements_are_kept_for_the_next_head_and_listed_to_nobody(
    head, run_id, load, result, user
):
    await head.tell(1, [opened(run_id, load)])
    await head.store(f"{result}.2", b"1")
    await head.store(result, b"[1, 1, 1]")

    plan = await head.plan()

    assert {value.artifact_id for value in plan.stored} == {f"{result}.2", result}
    listed = (await user.get(f"/api/artifacts?workflowRunId={run_id}")).json()["data"]
    assert list(listed) == [f"{run_id}@{load}"]
    (artifact,) = listed[f"{run_id}@{load}"]
    assert (await user.get(f"/api/artifacts/{artifact}")).json()["value"] == "[1, 1, 1]"


@pytest.mark.parametrize("suffix", [".3", ".02", ".x"])
async def test_a_value_of_an_element_that_there_is_not_is_refused(
    head, run_id, load, result, suffix
):
    await head.tell(1, [opened(run_id, load)])

    answer = await head.store(f"{result}{suffix}", b"1")

    assert answer.status_code == 400
    assert f"has no artifact '{result}{suffix}'" in answer.json()["detail"]


async def test_nodes_and_timing_show_elements_with_the_name_of_their_function(
    head, run_id, load, user
):
    await head.begin()
    plan = await head.plan()
    pool = next(pool for pool, names in plan.invocations.items() if load in names)
    (node, *_) = (await head.want(pool, 1)).json()
    elements = [f"{load}.0", f"{load}.1"]
    await head.tell(
        1, [opened(run_id, load), *(began(run_id, each, node=node["id"]) for each in elements)]
    )

    pools = (await user.get(f"/api/workflow-runs/{run_id}/nodes")).json()["data"]
    timing = await user.get(f"/api/workflow-run-timing?workflowRunId={run_id}")

    (used,) = [each for each in pools if each["nodes"]]
    assert [task["invocationId"] for task in used["nodes"][0]["tasks"]] == elements
    attempts = timing.json()["data"]["attempts"]
    assert [(each["invocationId"], each["functionName"]) for each in attempts] == [
        (element, "load") for element in elements
    ]
    assert {each["image"] for each in attempts} == {used["image"]}


async def test_a_batch_takes_as_many_statements_however_many_elements_it_has(
    head, run_id, load, result, services, user
):
    await head.tell(1, [opened(run_id, load, 300)])
    statements = asked_of(services)

    async def tell(number: int, some: range) -> int:
        before = len(statements)
        names = [f"{load}.{k}" for k in some]
        beginnings = [began(run_id, name).attempts[0] for name in names]
        endings = [ended(run_id, name, State.SUCCEEDED).attempts[0] for name in names]
        values = [StoredValue(f"{result}.{k}", head.write(b"1")) for k in some]
        events = [
            AttemptsBegan(run_id=run_id, attempts=beginnings),
            AttemptsEnded(run_id=run_id, attempts=endings, values=values),
        ]
        assert (await head.tell(number, events)).status_code == 204
        return len(statements) - before

    assert await tell(2, range(1)) >= await tell(3, range(1, 300))
