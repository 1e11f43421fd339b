"""The executor with workers whose calls end as the test says, in a time of their own."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orquestra.executor.capacity import Demand
from orquestra.executor.protocol import (
    Calls,
    Forget,
    Leave,
    Lines,
    Outcome,
    Outcomes,
    Own,
    Recall,
    Taken,
)
from orquestra.executor.surroundings import (
    Cause,
    Death,
    Died,
    Installing,
    Lost,
    Requirements,
    Said,
)
from orquestra.executor.testing import Behaviour, MemoryCrew, PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    AttemptsBegan,
    AttemptsEnded,
    Location,
    LogLines,
    LogStream,
    NodeSize,
    RunFinished,
    RunStarted,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import State

NODE = NodeSize(cpu=1, memory=2**30, gpu=0)
TWO = NodeSize(cpu=2, memory=2**30, gpu=0)
WIDE = {"default": (4, NODE)}
SHORT = Behaviour()


def number(value=1):
    return value


def add(*values):
    return sum(values)


def failing(name, behaviour, *, times=1000):
    """A behaviour: the first attempts of one invocation go like this."""
    left = {name: times}

    def behave(call):
        if left.get(call.invocation_id, 0) == 0:
            return SHORT
        left[call.invocation_id] -= 1
        return behaviour

    return behave


def cluster(built, *, size=NODE, nodes=1, **options):
    crew = MemoryCrew(size=size, nodes=nodes, **options)
    crew.executor.set_pools(built.pools)
    return crew


def execute(built, **options):
    crew = cluster(built, **options)
    crew.executor.begin(built.plan, built.definition)
    crew.play()
    return crew


def finished(crew):
    return [event for event in crew.events if isinstance(event, RunFinished)]


def ends(crew, run_id="run-1"):
    return [
        ending
        for event in crew.events
        if isinstance(event, AttemptsEnded) and event.run_id == run_id
        for ending in event.attempts
    ]


def of(crew, name):
    return [(e.attempt, e.state, e.final) for e in ends(crew) if e.invocation_id == name]


def begun(crew):
    return [call.invocation_id for _, _, call in crew.calls]


def test_a_run_succeeds_when_every_task_has():
    builder = PlanBuilder()
    numbers = [builder.call(number, n) for n in range(5)]
    total = builder.call(add, *numbers)

    crew = execute(builder.build(total))

    (end,) = finished(crew)
    assert (end.state, end.message) == (State.SUCCEEDED, None)
    assert isinstance(crew.events[0], RunStarted)
    assert crew.events[-1] is end
    assert [(e.state, e.attempt, e.final) for e in ends(crew)] == [(State.SUCCEEDED, 1, True)] * 6
    values = {
        v.artifact_id: v for e in crew.events if isinstance(e, AttemptsEnded) for v in e.values
    }
    assert values.keys() == {made.packed for made in (*numbers, total)}
    last = crew.calls[-1][2]
    assert [type(argument) for argument in last.arguments] == [Location] * 5


def test_results_come_in_one_event_with_the_ends_of_their_attempts():
    builder = PlanBuilder()
    crew = execute(builder.build(*[builder.call(number, n) for n in range(9)]))

    for event in crew.events:
        if isinstance(event, AttemptsEnded):
            assert len(event.values) == len(event.attempts)
            assert event.model_dump_json()


def test_only_what_takes_a_while_is_told_when_it_begins():
    builder = PlanBuilder()
    slow, quick = builder.call(number, 1), builder.call(number, 2)
    crew = execute(
        builder.build(slow, quick), behave=failing(slow.invocation_id, Behaviour(seconds=1))
    )

    told = [b for e in crew.events if isinstance(e, AttemptsBegan) for b in e.attempts]
    assert [beginning.invocation_id for beginning in told] == [slow.invocation_id]
    assert told[0].ready_at <= told[0].worker_ready_at <= told[0].started_at


def test_after_a_failure_nothing_begins_and_what_runs_may_end():
    builder = PlanBuilder(pools=WIDE)
    calls = [builder.call(number, n) for n in range(20)]
    broken = calls[0].invocation_id

    def behave(call):
        if call.invocation_id == broken:
            return Behaviour(seconds=1, problem="ValueError: no")
        return Behaviour(seconds=1.5)

    crew = execute(builder.build(*calls), nodes=4, behave=behave)

    (end,) = finished(crew)
    assert end.state is State.FAILED
    assert end.message == f"Task 'number' failed: ValueError: no ({broken})"
    assert [e.state for e in ends(crew)] == [State.FAILED] + [State.SUCCEEDED] * 3
    assert len(crew.calls) == 4


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


def test_a_chain_runs_through_on_one_worker_with_its_own_values():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    made = builder.call(number, 0)
    for _ in range(30):
        made = builder.call(add, made)

    crew = execute(builder.build(made), size=TWO)

    assert finished(crew)[0].state is State.SUCCEEDED
    assert len({worker for _, worker, _ in crew.calls}) == 1
    assert [call.arguments[0].__class__ for _, _, call in crew.calls[1:]] == [Own] * 30
    assert [call.after for _, _, call in crew.calls] == [None, *range(1, 31)]


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


def test_short_tasks_do_not_wait_for_a_long_one():
    builder = PlanBuilder(pools={"default": (2, NODE)})
    long = builder.call(number, 0)
    short = [builder.call(number, n) for n in range(1, 10)]

    crew = execute(
        builder.build(long, *short),
        nodes=2,
        behave=failing(long.invocation_id, Behaviour(seconds=10)),
    )

    ended = {e.invocation_id: e.ended_at for e in ends(crew)}
    begin = min(at for at, _, _ in crew.calls)
    assert all(ended[made.invocation_id] - begin < 0.1 for made in short)
    assert {e.attempt for e in ends(crew)} == {1}


def test_a_new_executor_goes_on_from_what_is_stored():
    builder = PlanBuilder()
    first = builder.call(number, 7)
    last = builder.call(add, first)
    built = builder.build(last, stored=(first.packed,))
    made = {first.invocation_id: 2, last.invocation_id: 3}
    plan = built.plan.model_copy(update={"attempts_made": made})
    crew = cluster(built)

    crew.executor.begin(plan, built.definition)
    crew.play()

    assert finished(crew)[0].state is State.SUCCEEDED
    assert begun(crew) == [last.invocation_id]
    assert crew.calls[0][2].arguments == (plan.stored[0].location,)
    # A lost head may have stored the first result without having told of its task's end.
    assert [(e.invocation_id, e.attempt, e.state) for e in ends(crew)] == [
        (first.invocation_id, 2, State.SUCCEEDED),
        (last.invocation_id, 4, State.SUCCEEDED),
    ]


def test_a_run_whose_results_are_all_stored_is_over_at_once():
    builder = PlanBuilder()
    only = builder.call(number)

    crew = execute(builder.build(only, stored=(only.packed,)))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert not crew.calls


def test_a_definition_that_cannot_be_walked_ends_its_run():
    builder = PlanBuilder()
    first = builder.call(number)
    last = builder.call(add, first)
    built = builder.build(last)
    invocations = {last.invocation_id: built.definition.task_invocations[last.invocation_id]}
    crew = cluster(built)

    broken = built.definition.model_copy(update={"task_invocations": invocations})
    crew.executor.begin(built.plan, broken)
    crew.play()

    assert finished(crew)[0].state is State.FAILED
    assert "which no task of the workflow makes" in finished(crew)[0].message


def test_a_secret_is_refused_before_anything_runs():
    builder = PlanBuilder()
    only = builder.call(number, 1)
    built = builder.build(only)
    definition = built.definition
    invocation = definition.task_invocations[only.invocation_id]
    secret = ir.SecretNode(id=ir.SecretNodeId("secret-0"), secret_name="password")
    changed = definition.model_copy(
        update={
            "secret_nodes": {secret.id: secret},
            "task_invocations": {
                only.invocation_id: invocation.model_copy(update={"args_ids": [secret.id]})
            },
        }
    )
    crew = cluster(built)

    crew.executor.begin(built.plan, changed)
    crew.play()

    assert "takes the secret 'password'" in finished(crew)[0].message
    assert of(crew, only.invocation_id) == [(1, State.FAILED, True)]
    assert not crew.calls


def test_a_message_that_no_utf8_can_hold_is_told_all_the_same():
    builder = PlanBuilder()
    only = builder.call(number)
    problem = Behaviour(problem="FileNotFoundError: 'caf\udce9.csv'")

    crew = execute(builder.build(only), behave=lambda _: problem)

    assert "caf?.csv" in finished(crew)[0].message
    assert all(event.model_dump_json() for event in crew.events)


def test_requirements_are_installed_once_before_the_first_worker():
    builder = PlanBuilder()
    calls = [builder.call(number, n, requirements=("numpy",)) for n in range(3)]

    crew = execute(builder.build(*calls))

    assert finished(crew)[0].state is State.SUCCEEDED
    (started,) = crew.started
    assert started[1].requirements.packages == ("numpy",)
    assert started[0] >= 1_000_001


def test_what_cannot_be_installed_fails_its_tasks_at_once():
    builder = PlanBuilder()
    only = builder.call(number, requirements=("nothing",))
    built = builder.build(only)
    crew = cluster(built)
    crew.install_problem = "ERROR: No matching distribution found for nothing"

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert "could not be installed" in finished(crew)[0].message
    assert of(crew, only.invocation_id) == [(1, State.FAILED, True)]
    assert not crew.started


def test_workers_that_cannot_be_started_fail_their_tasks():
    builder = PlanBuilder()
    built = builder.build(builder.call(number))
    crew = cluster(built)
    crew.unable = "the interpreter is gone"

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert "could not be run: the interpreter is gone" in finished(crew)[0].message


def test_workers_that_cannot_be_started_are_asked_for_more_and_more_rarely():
    builder = PlanBuilder(min_nodes=1)
    crew = cluster(builder.build())
    crew.unable = "the interpreter is gone"

    for second in range(60):
        crew.after(second, crew.executor.turn)
    crew.play()

    pauses = [later[0] - earlier[0] for earlier, later in pairwise(crew.started)]
    assert 4 <= len(crew.started) <= 8
    assert pauses == sorted(pauses)


def test_a_run_of_a_pool_that_is_not_there_fails():
    builder = PlanBuilder(pools={"elsewhere": (1, NODE)})
    built = builder.build(builder.call(number))
    crew = MemoryCrew(size=NODE)

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert "no pool 'elsewhere'" in finished(crew)[0].message


def test_a_run_that_the_engine_has_ended_is_forgotten_with_its_running_tasks():
    builder = PlanBuilder()
    calls = [builder.call(number, n) for n in range(5)]
    built = builder.build(*calls)
    crew = cluster(built, behave=lambda _: Behaviour(seconds=100))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=2)

    crew.executor.end(built.plan.run_id)
    crew.play(until=2)

    assert not finished(crew)
    assert not crew.up
    assert len(crew.calls) == 1


def test_workers_forget_a_run_that_is_over():
    builder = PlanBuilder()
    crew = execute(builder.build(builder.call(number)))

    assert [m.run_id for _, m in crew.messages if isinstance(m, Forget)] == ["run-1"]
    assert isinstance(crew.messages[-1][1], Forget | Leave)


def test_runs_on_one_cluster_take_turns():
    first, second = PlanBuilder(run_id="run-1"), PlanBuilder(run_id="run-2")
    one = first.build(*[first.call(number, n) for n in range(40)])
    two = second.build(*[second.call(number, n) for n in range(4)])
    crew = cluster(one, behave=lambda _: Behaviour(seconds=0.1))

    crew.executor.begin(one.plan, one.definition)
    crew.executor.begin(two.plan, two.definition)
    crew.play()

    assert [end.run_id for end in finished(crew)] == ["run-2", "run-1"]
    last = max(at for at, (_, _, call) in enumerate(crew.calls) if call.function[0] == "run-2")
    assert last < 20


def test_a_run_uses_no_more_nodes_than_it_may():
    builder = PlanBuilder(pools=WIDE)
    built = builder.build(*[builder.call(number, n) for n in range(30)], max_nodes=2)

    crew = execute(built, nodes=4, behave=lambda _: Behaviour(seconds=0.3))

    assert finished(crew)[0].state is State.SUCCEEDED
    starts = Counter(at for at, _, _ in crew.calls)
    assert max(starts.values()) <= 2
    assert crew.most_up == 2


def test_a_run_leaves_to_another_what_it_may_not_use():
    first, second = PlanBuilder(pools=WIDE), PlanBuilder(pools=WIDE, run_id="run-2")
    one = first.build(*[first.call(number, n) for n in range(20)], max_nodes=1)
    two = second.build(*[second.call(number, n) for n in range(20)])
    crew = cluster(one, nodes=4, behave=lambda _: Behaviour(seconds=0.3))

    crew.executor.begin(one.plan, one.definition)
    crew.executor.begin(two.plan, two.definition)
    crew.play()

    assert [end.state for end in finished(crew)] == [State.SUCCEEDED] * 2
    assert most_at_once(ends(crew, "run-1")) == 1
    assert most_at_once(ends(crew, "run-2")) >= 3
    assert most_at_once([*ends(crew, "run-1"), *ends(crew, "run-2")]) == 4


def most_at_once(endings):
    return max(
        sum(e.started_at <= other.started_at < e.ended_at for e in endings) for other in endings
    )


def test_one_default_worker_stays_up_where_nodes_stay_up():
    builder = PlanBuilder(pools={"default": (1, TWO)}, min_nodes=1)
    built = builder.build(builder.call(number))
    crew = cluster(built, size=TWO)
    crew.play(until=300)
    assert len(crew.up) == 1
    assert crew.started[0][1].demand == Demand(cpu=1, memory=0, gpu=0)

    crew.executor.begin(built.plan, built.definition)
    crew.play(until=0.1)

    assert finished(crew)[0].state is State.SUCCEEDED


def test_nobody_stays_up_in_a_pool_that_is_gone():
    builder = PlanBuilder(min_nodes=1)
    crew = cluster(builder.build())
    crew.play(until=5)
    assert len(crew.up) == 1

    crew.executor.set_pools([])
    crew.after(120, crew.executor.turn)
    crew.play()

    assert not crew.up


def test_an_idle_worker_makes_room_for_another_environment():
    builder = PlanBuilder(min_nodes=1)
    first = builder.call(number, 1)
    second = builder.call(number, first, env_vars={"A": "1"})

    crew = execute(builder.build(second))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert ends(crew)[-1].ended_at - ends(crew)[0].ended_at < 1


def test_an_idle_worker_stays_where_another_environment_has_room_beside_it():
    builder = PlanBuilder(pools={"default": (1, TWO)}, min_nodes=1)
    first = builder.call(number, 1)
    second = builder.call(number, first, env_vars={"A": "1"})
    built = builder.build(second)
    crew = cluster(built, size=TWO)
    crew.executor.begin(built.plan, built.definition)

    crew.play(until=5)

    assert finished(crew)[0].state is State.SUCCEEDED
    assert crew.most_up == 2


def test_a_pool_that_no_task_can_use_any_more_is_released():
    builder = PlanBuilder(pools={"a": (1, NODE), "b": (1, NODE)})
    first = builder.call(number, 1, pool="a")
    last = builder.call(number, first, pool="b")
    slow = failing(last.invocation_id, Behaviour(seconds=5))
    built = builder.build(last)
    crew = cluster(built, behave=slow)

    crew.executor.begin(built.plan, built.definition)
    crew.play(until=3)

    assert crew.released == ["a"]
    assert len(crew.up) == 1


def test_the_first_worker_of_a_pool_is_asked_for_while_the_tasks_before_still_run():
    builder = PlanBuilder(pools={"a": (1, NODE), "b": (1, NODE)})
    first = builder.call(number, 1, pool="a")
    last = builder.call(number, first, pool="b")

    crew = execute(builder.build(last), behave=lambda _: Behaviour(seconds=2))

    assert finished(crew)[0].state is State.SUCCEEDED
    starts = {environment.pool_id: at for at, environment in reversed(crew.started)}
    assert starts["b"] < ends(crew)[0].ended_at - 1


def ahead_of_time():
    """A run whose last task needs packages, installed while the first one still runs."""
    builder = PlanBuilder(pools={"a": (1, NODE), "b": (1, NODE)})
    first = builder.call(number, 1, pool="a")
    last = builder.call(number, first, pool="b", requirements=("numpy",))
    crew = cluster(builder.build(last), behave=lambda _: Behaviour(seconds=6))
    return builder.build(last), crew


def test_the_lines_of_an_installation_ahead_of_time_are_told():
    built, crew = ahead_of_time()
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=0.9)
    needed = Requirements(packages=("numpy",))

    crew.tell(Installing("b", needed, [(1.0, "Installed numpy")]))
    crew.executor.turn()

    told = [line.text for e in crew.events if isinstance(e, LogLines) for line in e.lines]
    assert told == ["Installed numpy"]


def test_an_installation_that_fails_ahead_of_time_fails_its_first_task_at_once():
    built, crew = ahead_of_time()
    crew.install_problem = "ERROR: no such package"

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert "no such package" in finished(crew)[0].message
    assert crew.installs == 1
    assert ends(crew)[-1].ended_at - ends(crew)[0].ended_at < 0.5


def test_outcomes_that_arrive_after_the_death_of_their_worker_count():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=1)
    built = builder.build(only)
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=1)
    ((_, worker, call),) = crew.calls
    value = Location(f"run-1.{worker}.1", 0, 1, ValueFormat.JSON)

    crew.tell(Died(worker, Death(cause=Cause.CRASH, running=1)))
    crew.tell(Said([(worker, Outcomes([Outcome(call.number, 1.0, 2.0, (value,), None)]))]))
    crew.tell(Lost(worker))
    crew.executor.turn()

    assert finished(crew)[0].state is State.SUCCEEDED
    assert [end.attempt for end in ends(crew)] == [1]


def test_a_dead_worker_whose_connection_stays_is_not_waited_for_long():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=0)
    built = builder.build(only)
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=1)

    crew.tell(Died(crew.up[0], Death(cause=Cause.CRASH, running=1)))
    crew.after(3, crew.executor.turn)
    crew.play(until=4)

    assert finished(crew)[0].state is State.FAILED


def test_a_worker_that_leaves_while_it_holds_a_call_counts_as_a_crash_of_it():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=2)

    crew = execute(
        builder.build(only), behave=failing(only.invocation_id, Behaviour(death=Cause.ENDED))
    )

    assert finished(crew)[0].state is State.FAILED
    assert len(crew.calls) == 3


def test_a_stopped_run_is_over_soon_although_its_call_lets_nobody_speak():
    builder = PlanBuilder()
    built = builder.build(builder.call(number))
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6, silent=True))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=0.6)
    assert crew.calls

    crew.executor.end("run-1")
    crew.after(1.1, crew.executor.turn)
    crew.play(until=2)

    assert not crew.up


def test_nothing_is_put_behind_a_call_that_lets_nobody_speak():
    builder = PlanBuilder()
    calls = [builder.call(number, n) for n in range(3)]
    built = builder.build(calls[0])
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6, silent=True))
    crew.executor.begin(built.plan, built.definition)
    crew.after(1, crew.executor.turn)
    crew.play(until=2)

    assert [type(message) for _, message in crew.messages] == [Calls, Recall]
    (worker,) = crew.executor._scheduler.workers.values()
    assert worker.slow == 1


def test_the_room_for_lines_is_given_back_even_if_their_call_is_gone():
    builder = PlanBuilder(min_nodes=1)
    crew = cluster(builder.build())
    crew.play(until=2)
    (worker,) = crew.up

    crew.tell(Said([(worker, Lines(7, LogStream.OUT, [(1.0, "late")]))]))
    crew.executor.turn()

    assert (worker, Taken()) in crew.messages


@st.composite
def runs(draw):
    """Random graphs over two pools, with workers that die now and then."""
    builder = PlanBuilder(pools={"a": (2, NODE), "b": (1, NODE)})
    made = []
    for _ in range(draw(st.integers(1, 25))):
        some = st.lists(st.sampled_from(made), max_size=3) if made else st.just([])
        made.append(
            builder.call(number, *draw(some), pool=draw(st.sampled_from("ab")), max_retries=3)
        )
    seconds = draw(st.lists(st.sampled_from([0.0001, 0.004, 0.06, 0.5]), min_size=25, max_size=25))
    dying = draw(st.sets(st.integers(1, 30), max_size=3))
    return builder.build(*made), seconds, dying


@settings(deadline=None, max_examples=60)
@given(runs())
def test_every_task_succeeds_exactly_once_after_its_inputs(run):
    built, seconds, dying = run
    count = 0

    def behave(call):
        nonlocal count
        count += 1
        place = [*built.definition.task_invocations].index(call.invocation_id)
        return Behaviour(seconds=seconds[place], death=Cause.NODE_LOST if count in dying else None)

    crew = execute(built, nodes=2, behave=behave)

    assert [end.state for end in finished(crew)] == [State.SUCCEEDED]
    succeeded = {e.invocation_id: e for e in ends(crew) if e.state is State.SUCCEEDED}
    assert len(ends(crew)) == len(succeeded) + sum(e.state is State.FAILED for e in ends(crew))
    assert succeeded.keys() == built.definition.task_invocations.keys()
    makers = built.definition.producers()
    for name, invocation in built.definition.task_invocations.items():
        for artifact_id in invocation.argument_ids():
            if artifact_id in makers:
                assert succeeded[makers[artifact_id]].ended_at <= succeeded[name].started_at
