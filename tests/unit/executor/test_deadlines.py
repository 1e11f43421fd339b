"""Calls that take longer than their timeout, in runs played to their ends."""

import pytest

from orquestra.executor.surroundings import Cause, Death, Died, Lost
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import cluster, ends, execute, failing, finished, number, of, watch

AT_ONCE = ir.RetryPolicy(max_retries=2, delay_seconds=0, backoff=1, max_delay_seconds=0)


def play(built, **options):
    return execute(built, watched=30, **options)


@pytest.mark.parametrize("silent", [False, True])
def test_a_call_that_takes_too_long_is_ended_soon_after(silent):
    builder = PlanBuilder()
    made = builder.call(number, timeout_seconds=2.0)

    crew = play(builder.build(made), behave=lambda _: Behaviour(seconds=1e6, silent=silent))

    (end,) = ends(crew)
    assert finished(crew)[0].state is State.FAILED
    assert 2.0 <= end.ended_at - end.started_at < 2.5
    assert "Task 'number' was ended: it took longer than its timeout of 2 s." in end.message


@pytest.mark.parametrize("silent", [False, True])
def test_what_waits_behind_it_goes_back_unharmed(silent):
    builder = PlanBuilder()
    slow = builder.call(number, 0, timeout_seconds=2.0, retry_policy=AT_ONCE)
    others = [builder.call(number, n) for n in range(1, 5)]
    too_long = Behaviour(seconds=1e6, silent=silent)

    crew = play(builder.build(slow, *others), behave=failing(slow.invocation_id, too_long, times=1))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert of(crew, slow.invocation_id) == [(1, State.FAILED, False), (2, State.SUCCEEDED, True)]
    for each in others:
        assert of(crew, each.invocation_id) == [(1, State.SUCCEEDED, True)]


def test_timeouts_count_for_the_retry_policy_and_not_for_max_retries():
    builder = PlanBuilder()
    once = builder.call(number, timeout_seconds=1.0, max_retries=5)
    crew = play(builder.build(once), behave=lambda _: Behaviour(seconds=1e6))

    assert len(ends(crew)) == 1

    builder = PlanBuilder()
    again = builder.call(number, timeout_seconds=1.0, retry_policy=AT_ONCE)
    crew = play(builder.build(again), behave=lambda _: Behaviour(seconds=1e6))

    assert [end.final for end in ends(crew)] == [False, False, True]
    assert ends(crew)[-1].message.endswith("(tried 3 times)")


def test_a_call_that_ends_in_time_is_left_alone():
    builder = PlanBuilder()
    calls = [builder.call(number, n, timeout_seconds=2.0) for n in range(3)]

    crew = play(builder.build(*calls), behave=lambda _: Behaviour(seconds=1.5))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert len(crew.started) == 1


def test_only_the_call_that_missed_its_deadline_answers_for_it():
    """It ends by itself while its worker is being ended, and the next one begins."""
    builder = PlanBuilder()
    calls = [builder.call(number, n, timeout_seconds=2.0) for n in range(2)]
    built = builder.build(*calls)
    first = calls[0].invocation_id
    crew = cluster(
        built,
        behave=lambda call: Behaviour(seconds=2.1 if call.invocation_id == first else 1.0),
    )
    crew.cancel = lambda worker_id: crew.after(0.2, lambda: cancelled(crew, worker_id))
    crew.executor.begin(built.plan, built.definition)
    watch(crew, seconds=20)
    crew.play()

    assert finished(crew)[0].state is State.SUCCEEDED
    assert {end.state for end in ends(crew)} == {State.SUCCEEDED}


def cancelled(crew, worker_id):
    if crew._workers.pop(worker_id, None):
        crew.tell(Lost(worker_id))
        crew.tell(Died(worker_id, Death(cause=Cause.CANCELLED)))
        crew.after(0.01, crew._bring_up)


def test_counting_and_gathering_have_no_timeout():
    builder = PlanBuilder()
    made = builder.call(number, [1], map_over=[0], timeout_seconds=1.0)

    def behave(call):
        return Behaviour(seconds=0.1 if call.work == "task" else 3, length=1)

    crew = play(builder.build(made), behave=behave)

    assert finished(crew)[0].state is State.SUCCEEDED


def test_an_element_that_takes_too_long_is_named():
    builder = PlanBuilder()
    made = builder.call(number, [1, 2], map_over=[0], timeout_seconds=1.0)

    def behave(call):
        return Behaviour(seconds=1e6 if call.invocation_id.endswith(".1") else 0.1, length=2)

    crew = play(builder.build(made), behave=behave)

    assert finished(crew)[0].message.startswith("Element 1 of task 'number' was ended: it took")
