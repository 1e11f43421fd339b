"""The executor with a dispatch that ends attempts as the test says."""

import pytest

from orquestra.executor.dispatch import Failure, Reason
from orquestra.executor.executor import Executor, Surroundings
from orquestra.executor.testing import MemoryDispatch, PlanBuilder
from orquestra.sdk.schema.cluster import NodeSize, RunStarted, TaskEnded
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.values import serialize

WIDE = {"default": (4, NodeSize(cpu=1, memory=2**30, gpu=0))}


def number(value=1):
    return value


def add(*values):
    return sum(values)


class Events(list):
    """Keeps events."""

    def add(self, *events):
        self.extend(events)

    def ends(self):
        return [event for event in self if isinstance(event, TaskEnded)]


class Artifacts(dict):
    """Keeps values."""

    def get_artifact(self, artifact_id):
        return self[artifact_id]


def failing(name, reason, *, times=1000, message="it broke"):
    """An outcome: the first attempts of one invocation fail."""
    left = {name: times}

    def outcome(attempt):
        if left.get(attempt.invocation_id, 0) == 0:
            return None
        left[attempt.invocation_id] -= 1
        return Failure(reason=reason, message=message)

    return outcome


def execute(plan, *, artifacts=None, **options):
    dispatch = MemoryDispatch(**options)
    events = Events()
    surroundings = Surroundings(
        dispatch=dispatch, artifacts=artifacts or Artifacts(), events=events
    )
    return Executor(plan, surroundings).run(), dispatch, events


def test_a_run_succeeds_when_every_task_has():
    builder = PlanBuilder()
    numbers = [builder.call(number, n) for n in range(5)]
    plan = builder.build(builder.call(add, *numbers))

    end, dispatch, events = execute(plan)

    assert (end.state, end.message) == (State.SUCCEEDED, None)
    assert isinstance(events[0], RunStarted)
    assert [(e.state, e.attempt, e.final) for e in events.ends()] == [
        (State.SUCCEEDED, 1, True)
    ] * 6
    assert dispatch.submitted[-1].inputs.keys() == {made.packed for made in numbers}


def test_after_a_failure_nothing_begins_and_what_runs_may_end():
    builder = PlanBuilder(pools=WIDE)
    calls = [builder.call(number, n) for n in range(20)]
    broken = calls[0].invocation_id

    end, dispatch, events = execute(
        builder.build(*calls),
        outcome=failing(broken, Reason.TASK, message="ValueError: no"),
        at_once=4,
    )

    assert end.state is State.FAILED
    assert end.message == f"Task 'number' failed: ValueError: no ({broken})"
    assert [event.state for event in events.ends()] == [State.FAILED] + [State.SUCCEEDED] * 3
    assert len(dispatch.submitted) == 8


def test_a_lost_node_does_not_count_as_the_tasks_own_failure():
    builder = PlanBuilder()
    only = builder.call(number)

    end, _, events = execute(
        builder.build(only), outcome=failing(only.invocation_id, Reason.NODE_LOST, times=3)
    )

    assert end.state is State.SUCCEEDED
    assert [(e.attempt, e.final) for e in events.ends()] == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
    ]


def test_a_task_that_loses_every_node_fails():
    builder = PlanBuilder()
    only = builder.call(number)

    end, _, events = execute(
        builder.build(only), outcome=failing(only.invocation_id, Reason.NODE_LOST)
    )

    assert end.state is State.FAILED
    assert [e.final for e in events.ends()] == [False, False, False, True]


@pytest.mark.parametrize(("max_retries", "attempts"), [(None, 1), (0, 1), (2, 3)])
def test_crashes_count_against_max_retries(max_retries, attempts):
    builder = PlanBuilder()
    only = builder.call(number, max_retries=max_retries)

    end, dispatch, _ = execute(
        builder.build(only), outcome=failing(only.invocation_id, Reason.CRASH)
    )

    assert end.state is State.FAILED
    assert len(dispatch.submitted) == attempts


@pytest.mark.parametrize("reason", [Reason.TASK, Reason.ENVIRONMENT])
def test_what_would_fail_again_is_not_tried_again(reason):
    builder = PlanBuilder()
    only = builder.call(number, max_retries=5)

    _, dispatch, _ = execute(builder.build(only), outcome=failing(only.invocation_id, reason))

    assert len(dispatch.submitted) == 1


def test_a_lost_input_is_fetched_back_from_the_store():
    builder = PlanBuilder()
    first = builder.call(number, 7)
    last = builder.call(add, first)
    artifacts = Artifacts({first.packed: serialize(7)})

    end, dispatch, _ = execute(
        builder.build(last),
        artifacts=artifacts,
        outcome=failing(last.invocation_id, Reason.INPUT_LOST, times=1),
    )

    assert end.state is State.SUCCEEDED
    assert dispatch.supplied == [serialize(7)]
    assert dispatch.submitted[-1].inputs[first.packed].handle == serialize(7)


def test_a_new_executor_goes_on_from_what_is_stored():
    builder = PlanBuilder()
    first = builder.call(number, 7)
    last = builder.call(add, first)
    artifacts = Artifacts({first.packed: serialize(7)})

    made = {first.invocation_id: 2, last.invocation_id: 3}
    plan = builder.build(last, stored=(first.packed,)).model_copy(update={"attempts_made": made})

    end, dispatch, events = execute(plan, artifacts=artifacts)

    assert end.state is State.SUCCEEDED
    assert [attempt.invocation_id for attempt in dispatch.submitted] == [last.invocation_id]
    # A lost head may have stored the first result without having told of its task's end.
    assert [(e.invocation_id, e.attempt, e.state) for e in events.ends()] == [
        (first.invocation_id, 2, State.SUCCEEDED),
        (last.invocation_id, 4, State.SUCCEEDED),
    ]
    assert dispatch.supplied == [serialize(7)]


def test_a_run_whose_results_are_all_stored_is_over_at_once():
    builder = PlanBuilder()
    only = builder.call(number)

    end, dispatch, _ = execute(builder.build(only, stored=(only.packed,)))

    assert end.state is State.SUCCEEDED
    assert not dispatch.submitted


def test_values_are_let_go_once_nobody_needs_them():
    builder = PlanBuilder()
    first = builder.call(number, 7)
    middle = [builder.call(add, first, n) for n in range(2)]
    plan = builder.build(builder.call(add, *middle))
    kept = []
    executor = Executor(
        plan,
        Surroundings(
            dispatch=MemoryDispatch(outcome=lambda _: kept.append({*executor._values})),
            artifacts=Artifacts(),
            events=Events(),
        ),
    )

    executor.run()

    assert kept == [set(), {first.packed}, {first.packed, middle[0].packed}, {*map(packed, middle)}]
    assert not executor._values


def packed(made):
    return made.packed


def test_a_run_whose_tasks_ended_without_results_never_counts_as_succeeded():
    builder = PlanBuilder()
    plan = builder.build(builder.call(number))

    end, _, _ = execute(plan, outcome=lambda _: Failure(reason=Reason.NOT_BEGUN, message="?"))

    assert end.state is State.FAILED
    assert "without a result" in end.message


def test_a_message_that_no_utf8_can_hold_is_told_all_the_same():
    builder = PlanBuilder()
    plan = builder.build(builder.call(number))
    message = "FileNotFoundError: 'caf\udce9.csv'"

    end, _, events = execute(plan, outcome=lambda _: Failure(reason=Reason.TASK, message=message))

    assert "caf?.csv" in end.message
    assert events.ends()[0].model_dump_json()
