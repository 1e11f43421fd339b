"""The executor with workers whose calls end as the test says, in a time of their own."""

from hypothesis import given, settings
from hypothesis import strategies as st

from orquestra import sdk
from orquestra.executor.protocol import Own
from orquestra.executor.surroundings import Cause
from orquestra.executor.testing import Behaviour, MemoryCrew, PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import AttemptsBegan, AttemptsEnded, Location, RunStarted
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import (
    NODE,
    TWO,
    WIDE,
    add,
    cluster,
    ends,
    execute,
    failing,
    finished,
    number,
    of,
)


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


def test_a_secret_that_cannot_be_read_is_an_exception_of_its_task():
    builder = PlanBuilder()
    policy = ir.RetryPolicy(max_retries=1, delay_seconds=0, backoff=1, max_delay_seconds=0)
    only = builder.call(number, sdk.Secret("password"), retry_policy=policy)

    crew = execute(builder.build(only), behave=lambda _: Behaviour(problem="no secret"))

    assert of(crew, only.invocation_id) == [(1, State.FAILED, False), (2, State.FAILED, True)]
    assert "no secret (tried 2 times)" in finished(crew)[0].message


def test_a_message_that_no_utf8_can_hold_is_told_all_the_same():
    builder = PlanBuilder()
    only = builder.call(number)
    problem = Behaviour(problem="FileNotFoundError: 'caf\udce9.csv'")

    crew = execute(builder.build(only), behave=lambda _: problem)

    assert "caf?.csv" in finished(crew)[0].message
    assert all(event.model_dump_json() for event in crew.events)


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
