"""Which attempts are followed by another, in runs played to their ends."""

import pytest

from orquestra.executor.surroundings import Cause
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import add, ends, execute, failing, finished, number, of


def test_a_lost_node_does_not_count_as_the_tasks_own_failure():
    builder = PlanBuilder()
    only = builder.call(number)
    lost = Behaviour(death=Cause.NODE_LOST)

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
        behave=failing(only.invocation_id, Behaviour(death=Cause.NODE_LOST)),
    )

    assert finished(crew)[0].state is State.FAILED
    assert [e.final for e in ends(crew)] == [False, False, False, True]
    assert "It is tried again 3 times at most." in ends(crew)[-1].message


@pytest.mark.parametrize("cause", [Cause.CRASH, Cause.OUT_OF_MEMORY])
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
        builder.build(only), behave=failing(only.invocation_id, Behaviour(death=Cause.ENDED))
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
        builder.build(*calls), behave=failing(bad, Behaviour(death=Cause.CRASH), times=1)
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
        builder.build(made[-1]), behave=failing(bad, Behaviour(death=Cause.CRASH), times=1)
    )

    assert finished(crew)[0].state is State.SUCCEEDED
    assert [e.attempt for e in ends(crew) if e.state is State.SUCCEEDED] == [1, 1, 2, 1, 1, 1]
