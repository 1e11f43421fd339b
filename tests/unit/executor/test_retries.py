"""Which attempts are followed by another, in runs played to their ends."""

from dataclasses import replace
from itertools import pairwise

import pytest

from orquestra.executor import surroundings
from orquestra.executor.failures import MOST_LOSSES
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Cause
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import (
    TWO,
    add,
    cluster,
    ends,
    execute,
    failing,
    finished,
    number,
    of,
)


def test_a_lost_node_does_not_count_as_the_tasks_own_failure():
    builder = PlanBuilder()
    only = builder.call(number)
    lost = Behaviour(death=surroundings.Cause.NODE_LOST)

    crew = execute(builder.build(only), behave=failing(only.invocation_id, lost, times=3))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert of(crew, only.invocation_id) == [
        (1, State.FAILED, False),
        (2, State.FAILED, False),
        (3, State.FAILED, False),
        (4, State.SUCCEEDED, True),
    ]


def test_a_task_that_loses_every_node_fails():
    builder = PlanBuilder()
    only = builder.call(number)

    crew = execute(
        builder.build(only),
        behave=failing(only.invocation_id, Behaviour(death=surroundings.Cause.NODE_LOST)),
    )

    assert finished(crew)[0].state is State.FAILED
    assert [e.final for e in ends(crew)] == [False, False, False, True]
    assert "It is tried again 3 times at most." in ends(crew)[-1].message


@pytest.mark.parametrize("cause", [surroundings.Cause.CRASH, surroundings.Cause.OUT_OF_MEMORY])
@pytest.mark.parametrize(("max_retries", "attempts"), [(None, 1), (0, 1), (2, 3)])
def test_crashes_count_against_max_retries(max_retries, attempts, cause):
    builder = PlanBuilder()
    only = builder.call(number, max_retries=max_retries)

    crew = execute(builder.build(only), behave=failing(only.invocation_id, Behaviour(death=cause)))

    assert finished(crew)[0].state is State.FAILED
    assert len(crew.calls) == attempts


def test_a_worker_that_leaves_while_it_holds_a_call_counts_as_a_crash_of_it():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=2)

    crew = execute(
        builder.build(only),
        behave=failing(only.invocation_id, Behaviour(death=surroundings.Cause.ENDED)),
    )

    assert finished(crew)[0].state is State.FAILED
    assert len(crew.calls) == 3


def test_what_would_fail_again_is_not_tried_again():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=5)

    crew = execute(builder.build(only), behave=failing(only.invocation_id, Behaviour(problem="no")))

    assert len(crew.calls) == 1


def test_a_poisoned_batch_loses_only_its_own_task():
    builder = PlanBuilder()
    calls = [builder.call(number, n, max_retries=1) for n in range(40)]
    bad = calls[30].invocation_id

    crew = execute(
        builder.build(*calls),
        behave=failing(bad, Behaviour(death=surroundings.Cause.CRASH), times=1),
    )

    assert finished(crew)[0].state is State.SUCCEEDED
    assert of(crew, bad) == [(1, State.FAILED, False), (2, State.SUCCEEDED, True)]
    others = [e for e in ends(crew) if e.invocation_id != bad]
    assert [(e.attempt, e.state) for e in others] == [(1, State.SUCCEEDED)] * 39
    assert len({e.invocation_id for e in others}) == 39


def test_what_is_behind_a_crash_in_a_chain_runs_after_its_retry():
    builder = PlanBuilder()
    made = [builder.call(number, 0, max_retries=1)]
    for _ in range(5):
        made.append(builder.call(add, made[-1], max_retries=1))
    bad = made[2].invocation_id

    crew = execute(
        builder.build(made[-1]),
        behave=failing(bad, Behaviour(death=surroundings.Cause.CRASH), times=1),
    )

    assert finished(crew)[0].state is State.SUCCEEDED
    assert [e.attempt for e in ends(crew) if e.state is State.SUCCEEDED] == [1, 1, 2, 1, 1, 1]


PROBLEM = Behaviour(problem="ValueError: no luck")


def policy(max_retries, *, delay=1.0, backoff=2.0, most=60.0):
    return ir.RetryPolicy(
        max_retries=max_retries, delay_seconds=delay, backoff=backoff, max_delay_seconds=most
    )


def test_an_exception_is_tried_again_after_growing_pauses():
    builder = PlanBuilder()
    only = builder.call(number, retry_policy=policy(3))

    crew = execute(
        builder.build(only), watched=10, behave=failing(only.invocation_id, PROBLEM, times=3)
    )

    assert finished(crew)[0].state is State.SUCCEEDED
    assert of(crew, only.invocation_id) == [
        (1, State.FAILED, False),
        (2, State.FAILED, False),
        (3, State.FAILED, False),
        (4, State.SUCCEEDED, True),
    ]
    times = [at for at, _, _ in crew.calls]
    pauses = [later - sooner for sooner, later in pairwise(times)]
    # A node that idles is let go, and comes back within half a second.
    assert all(low <= pause < low + 0.7 for low, pause in zip((1, 2, 4), pauses, strict=True))


def test_the_last_attempt_says_how_often_it_was_tried():
    builder = PlanBuilder()
    only = builder.call(number, retry_policy=policy(2))

    crew = execute(builder.build(only), watched=10, behave=failing(only.invocation_id, PROBLEM))

    assert len(crew.calls) == 3
    assert ends(crew)[-1].message == "ValueError: no luck (tried 3 times)"
    assert finished(crew)[0].message == (
        f"Task 'number' failed: ValueError: no luck (tried 3 times) ({only.invocation_id})"
    )


def test_others_run_while_one_waits_for_its_next_try():
    builder = PlanBuilder()
    patient = builder.call(number, 0, retry_policy=policy(1, delay=10))
    others = [builder.call(number, n) for n in range(1, 4)]

    crew = execute(
        builder.build(patient, *others),
        watched=15,
        behave=failing(patient.invocation_id, PROBLEM, times=1),
    )

    assert finished(crew)[0].state is State.SUCCEEDED
    assert crew.calls[-1][2].invocation_id == patient.invocation_id


def test_exceptions_and_crashes_are_counted_apart():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=1, retry_policy=policy(1))
    fates = [Behaviour(death=surroundings.Cause.CRASH), PROBLEM, Behaviour()]

    crew = execute(builder.build(only), watched=10, behave=lambda _: fates.pop(0))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert not fates


def test_a_run_that_fails_does_not_wait_for_other_tries():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    patient = builder.call(number, 0, retry_policy=policy(5, delay=60))
    broken = builder.call(number, 1)

    def behave(call):
        return Behaviour(
            seconds=0.1 if call.invocation_id == patient.invocation_id else 1, problem="no"
        )

    crew = execute(builder.build(patient, broken), size=TWO, behave=behave)

    assert finished(crew)[0].state is State.FAILED
    assert finished(crew)[0].at.timestamp() < crew.calls[0][0] + 5


def test_a_run_that_is_stopped_does_not_wait_for_other_tries():
    builder = PlanBuilder()
    only = builder.call(number, retry_policy=policy(5, delay=60))
    built = builder.build(only)
    crew = cluster(built, behave=lambda _: PROBLEM)
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=5)

    crew.executor.end("run-1")
    crew.play()

    assert len(crew.calls) == 1
    assert not crew.executor._runs


def test_one_in_a_chain_waits_too_although_it_was_sent_ahead():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    first = builder.call(number, 1)
    second = builder.call(add, first, retry_policy=policy(1, delay=5))

    crew = execute(
        builder.build(second),
        watched=10,
        size=TWO,
        behave=failing(second.invocation_id, PROBLEM, times=1),
    )

    assert finished(crew)[0].state is State.SUCCEEDED
    assert crew.calls[1][2].after == crew.calls[0][2].number
    assert crew.calls[2][0] - crew.calls[1][0] >= 5


@pytest.mark.parametrize("allowed", [0, 2])
def test_an_exit_is_not_tried_again(allowed):
    builder = PlanBuilder()
    only = builder.call(number, retry_policy=policy(allowed))
    leaving = Behaviour(problem="SystemExit: 3", is_exit=True)

    crew = execute(builder.build(only), watched=10, behave=lambda _: leaving)

    assert len(crew.calls) == 1
    assert ends(crew)[0].message == "SystemExit: 3"
    assert ends(crew)[0].cause is None


FATES = {
    Cause.CRASH: Behaviour(death=surroundings.Cause.CRASH),
    Cause.NODE_LOST: Behaviour(death=surroundings.Cause.NODE_LOST),
    Cause.TASK: PROBLEM,
}


@pytest.mark.parametrize(
    ("cause", "allowed"), [(Cause.CRASH, 2), (Cause.NODE_LOST, MOST_LOSSES), (Cause.TASK, 2)]
)
def test_a_new_head_goes_on_counting(cause, allowed):
    builder = PlanBuilder()
    only = builder.call(number, max_retries=2, retry_policy=policy(2))
    built = builder.build(only)
    tries = {only.invocation_id: {cause: allowed - 1}}
    plan = built.plan.model_copy(update={"tries": tries})

    crew = execute(replace(built, plan=plan), watched=10, behave=lambda _: FATES[cause])

    assert len(crew.calls) == 2
    assert [end.cause for end in ends(crew)] == [cause, cause]
