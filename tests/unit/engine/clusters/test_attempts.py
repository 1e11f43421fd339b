"""Attempts that are told of in bulk, out of order, twice, and by heads that replaced others."""

import pytest

from orquestra import sdk
from orquestra.sdk.schema.cluster import (
    AttemptsEnded,
    Cause,
    CommitsPinned,
    HeadBegan,
    Location,
    StoredValue,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT, asked_of, began, ended, finished, invocation_of, started

pytestmark = pytest.mark.anyio


@pytest.fixture
def seen(user):
    """Gives a run, and its tasks by the name of their function."""

    async def looked(run_id: str) -> tuple[dict, dict[str, dict]]:
        run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
        tasks = {
            task["invocationId"].rpartition("-")[2]: task["status"] for task in run["taskRuns"]
        }
        return run["status"], tasks

    return looked


@pytest.fixture
def completed(user):
    async def counted(run_id: str) -> int:
        runs = (await user.get("/api/workflow-runs")).json()["data"]
        return next(run["completedTasks"] for run in runs if run["id"] == run_id)

    return counted


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
def head(head_of, run_id):
    return head_of(run_id)


@pytest.fixture
def load(definition):
    return invocation_of(definition, "load")


async def test_a_beginning_after_its_end_opens_nothing_again(head, run_id, load, seen):
    await head.tell(1, [ended(run_id, load, State.SUCCEEDED)])

    await head.tell(2, [began(run_id, load, node="n-7")])

    _, tasks = await seen(run_id)
    assert tasks["load"]["state"] == "SUCCEEDED"
    assert tasks["load"]["startTime"] == "2026-11-22T12:00:02Z"


async def test_an_end_keeps_what_is_known_of_its_beginning(head, run_id, load, seen):
    (known,) = ended(run_id, load, State.FAILED, node=None, message="lost").attempts
    lost = known._replace(worker_ready_at=None, started_at=None)
    await head.tell(1, [began(run_id, load)])

    await head.tell(2, [AttemptsEnded(run_id=run_id, attempts=[lost], values=[])])

    _, tasks = await seen(run_id)
    assert tasks["load"]["startTime"] == "2026-11-22T12:00:02Z"
    assert tasks["load"]["endTime"] == "2026-11-22T12:00:09Z"


async def test_a_task_that_has_ended_stays_so_and_counts_once(head, run_id, load, seen, completed):
    await head.tell(1, [ended(run_id, load, State.SUCCEEDED)])

    again = ended(run_id, load, State.FAILED, attempt=2, message="repeated")
    await head.tell(2, [again, ended(run_id, load, State.SUCCEEDED, attempt=3)])

    run, tasks = await seen(run_id)
    assert (run["state"], tasks["load"]["state"]) == ("WAITING", "SUCCEEDED")
    assert await completed(run_id) == 1


async def test_attempts_of_one_task_in_one_event_count_in_order(
    head, run_id, load, seen, completed
):
    first = ended(run_id, load, State.FAILED, final=False, message="crashed").attempts
    second = ended(run_id, load, State.SUCCEEDED, attempt=2).attempts

    event = AttemptsEnded(run_id=run_id, attempts=[*first, *second, *second], values=[])
    await head.tell(1, [event])

    _, tasks = await seen(run_id)
    assert tasks["load"] == {
        "state": "SUCCEEDED",
        "startTime": "2026-11-22T12:00:02Z",
        "endTime": "2026-11-22T12:00:09Z",
    }
    assert await completed(run_id) == 1


async def test_the_first_failure_of_an_event_is_why_the_run_failed(head, run_id, definition, seen):
    load, solve = (invocation_of(definition, name) for name in ("load", "solve"))
    failures = [
        *ended(run_id, load, State.FAILED, message="ValueError: no data").attempts,
        *ended(run_id, solve, State.FAILED, message="second").attempts,
    ]

    await head.tell(1, [AttemptsEnded(run_id=run_id, attempts=failures, values=[])])

    run, _ = await seen(run_id)
    assert run["state"] == "FAILED"
    assert run["message"] == f"Task 'load' failed: ValueError: no data ({load})"


async def test_running_attempts_end_with_their_run(head, run_id, load, seen, user):
    await head.tell(1, [started(run_id), began(run_id, load)])

    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    _, tasks = await seen(run_id)
    assert (tasks["load"]["state"], tasks["solve"]["state"]) == ("TERMINATED", "WAITING")


async def test_all_tasks_of_a_run_that_succeeded_have(head, run_id, load, seen, completed):
    await head.tell(1, [began(run_id, load)])

    await head.tell(2, [finished(run_id)])

    _, tasks = await seen(run_id)
    assert {task["state"] for task in tasks.values()} == {"SUCCEEDED"}
    assert tasks["solve"]["endTime"] == "2026-11-22T12:00:10Z"
    assert await completed(run_id) == 2


async def test_a_new_head_is_told_why_attempts_have_failed_and_how_often(head, run_id, load):
    causes = [Cause.TASK, Cause.CRASH, Cause.TASK, Cause.NODE_LOST, None]
    for number, cause in enumerate(causes, start=1):
        (attempt,) = ended(run_id, load, State.FAILED, attempt=number, final=False).attempts
        event = AttemptsEnded(run_id=run_id, attempts=[attempt._replace(cause=cause)], values=[])
        await head.tell(number, [event])

    plan = await head.plan()

    assert plan.tries == {load: {Cause.TASK: 2, Cause.CRASH: 1, Cause.NODE_LOST: 1}}
    assert plan.attempts_made == {load: 5}


async def test_references_stay_as_the_first_head_has_pinned_them(head, run_id, definition):
    first, *_ = definition.imports
    assert (await head.plan()).commits == {}

    for number, commit in enumerate(("a" * 40, "b" * 40), start=1):
        event = CommitsPinned(run_id=run_id, commits={first: commit})
        assert (await head.tell(number, [event])).status_code == 204

    assert (await head.plan()).commits == {first: "a" * 40}


async def test_a_commit_of_an_import_that_there_is_not_is_refused(head, run_id):
    answer = await head.tell(1, [CommitsPinned(run_id=run_id, commits={"import-x": "a" * 40})])

    assert answer.status_code == 400
    assert "has no import 'import-x'" in answer.json()["detail"]


@pytest.mark.parametrize("make", [began, lambda *names: ended(*names, State.SUCCEEDED)])
async def test_a_batch_with_an_unknown_task_is_refused_as_a_whole(
    head, run_id, load, seen, completed, make
):
    good = ended(run_id, load, State.SUCCEEDED)

    answer = await head.tell(1, [good, make(run_id, "invocation-nobody-knows")])

    assert answer.status_code == 400
    assert "'invocation-nobody-knows'" in answer.json()["detail"]
    assert await completed(run_id) == 0


async def test_a_value_and_the_end_of_its_task_are_recorded_together_or_not_at_all(
    head, run_id, load, definition, completed, user
):
    artifact = definition.task_invocations[load].output_ids[-1]
    missing = StoredValue(artifact, Location(f"{run_id}.w.1", 0, 1, ValueFormat.JSON))
    event = ended(run_id, load, State.SUCCEEDED, values=[missing])

    refused = await head.tell(1, [event])
    (head.exchange).mkdir(parents=True)
    (head.exchange / f"{run_id}.w.1").write_bytes(b"1")
    taken = await head.tell(1, [event])

    assert (refused.status_code, taken.status_code) == (400, 204)
    assert await completed(run_id) == 1
    listed = (await user.get(f"/api/artifacts?workflowRunId={run_id}")).json()["data"]
    assert len(listed) == 1


async def test_a_head_that_begins_says_where_its_nodes_reach_it(services, head, run_id):
    from orquestra.engine.database.tables import Cluster

    await head.tell(1, [HeadBegan(at=AT, address="10.0.0.2:6379")])

    async with services.database.reading() as session:
        cluster = await session.get_one(Cluster, run_id)
    assert (cluster.head_began_at, cluster.head_address) == (AT, "10.0.0.2:6379")


async def test_what_is_no_batch_is_refused_with_the_reason(head):
    answer = await head.call("POST", "events", content=b'{"sender": "x"}')

    assert answer.status_code == 400
    assert "sequence: Field required" in answer.json()["detail"]


@sdk.task
def double(number):
    return 2 * number


@sdk.workflow
def doubling():
    return [double(number) for number in range(300)]


class TestManyAttempts:
    @pytest.fixture
    def definition(self):
        return doubling().model

    async def test_a_batch_takes_as_many_statements_however_large_it_is(
        self, head, run_id, definition, services
    ):
        names = list(definition.task_invocations)
        statements = asked_of(services)

        async def tell(number: int, some: list[str]) -> int:
            before = len(statements)
            attempts = [ended(run_id, name, State.SUCCEEDED).attempts[0] for name in some]
            values = [
                StoredValue(definition.task_invocations[name].output_ids[0], head.write(b"1"))
                for name in some
            ]
            told = AttemptsEnded(run_id=run_id, attempts=attempts, values=values)
            assert (await head.tell(number, [told])).status_code == 204
            return len(statements) - before

        assert await tell(1, names[:1]) >= await tell(2, names[1:])
