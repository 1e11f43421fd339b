"""States of tasks, as they follow from attempts."""

from datetime import UTC, datetime, timedelta

import pytest

from orquestra.engine.database.tables import Run
from orquestra.engine.runs.tasks import Attempt, Task, tasks_of
from orquestra.sdk.schema.workflow_run import State

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = AT + timedelta(seconds=5)


def attempt(number: int, state: State, **differences) -> Attempt:
    over = state is not State.RUNNING
    values = {
        "invocation_id": "i",
        "attempt": number,
        "node_id": "n",
        "state": state,
        "final": over,
        "started_at": AT,
        "ended_at": LATER if over else None,
    }
    return Attempt(**(values | differences))


def task(*attempts: Attempt, run: State = State.RUNNING) -> Task:
    row = Run(state=run, ended_at=LATER)
    (only,) = tasks_of(row, invocation_ids=["i"], attempts=attempts)
    return only


def test_what_was_never_tried_waits():
    assert task() == Task(invocation_id="i", state=State.WAITING)


def test_what_is_tried_runs():
    assert task(attempt(1, State.RUNNING)) == Task(
        invocation_id="i", state=State.RUNNING, started_at=AT
    )


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.TERMINATED])
def test_the_end_of_the_last_attempt_is_the_end_of_the_task(state):
    first = attempt(1, State.FAILED, final=False)

    assert task(first, attempt(2, state)).state is state


def test_an_attempt_that_another_follows_leaves_its_reason():
    lost = attempt(1, State.FAILED, final=False, message="the node was lost")

    assert task(lost) == Task(invocation_id="i", state=State.WAITING, message="the node was lost")


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_in_which_attempts_are_given_does_not_matter(reverse):
    attempts = [attempt(1, State.FAILED, final=False), attempt(2, State.RUNNING)]

    assert task(*(attempts[::-1] if reverse else attempts)).state is State.RUNNING


def test_a_final_attempt_counts_whatever_was_begun_after_it():
    done, repeated = attempt(1, State.SUCCEEDED), attempt(2, State.RUNNING)

    assert task(done, repeated).state is State.SUCCEEDED


@pytest.mark.parametrize(
    "attempts", [(), (attempt(1, State.FAILED, final=False, ended_at=None, message="lost"),)]
)
def test_the_tasks_of_a_run_that_succeeded_have(attempts):
    found = task(*attempts, run=State.SUCCEEDED)

    assert (found.state, found.ended_at, found.message) == (State.SUCCEEDED, LATER, None)


@pytest.mark.parametrize("run", [State.RUNNING, State.SUCCEEDED])
def test_a_success_that_says_something_is_heard(run):
    reused = attempt(1, State.SUCCEEDED, node_id=None, message="Reused the result of run r.")

    assert task(reused, run=run).message == "Reused the result of run r."


def test_tasks_come_in_the_order_of_the_invocations():
    tasks = tasks_of(Run(state=State.WAITING), invocation_ids=["b", "a"], attempts=[])

    assert [each.invocation_id for each in tasks] == ["b", "a"]
