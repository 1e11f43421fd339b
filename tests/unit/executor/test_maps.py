"""Maps: counted, run element by element, and gathered, by workers whose calls run nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orquestra.executor.protocol import Bundle, Gathered, Item
from orquestra.executor.surroundings import Cause
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import AttemptsBegan, AttemptsEnded, MapOpened
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import (
    NODE,
    TWO,
    add,
    cluster,
    ends,
    execute,
    finished,
    number,
    of,
)

CACHE = ir.CachePolicy(fingerprint="f")


def counting(length, behave=lambda _: Behaviour()):
    """A behaviour: sequences are so long, and calls of tasks go as the test says."""

    def go(call):
        return Behaviour(length=length) if call.work == "count" else behave(call)

    return go


def one_map(source=(1, 2, 3), *rest, **options):
    builder = PlanBuilder()
    made = builder.call(number, source, *rest, map_over=[0], **options)
    return builder, made


def values(crew):
    return [
        value.artifact_id
        for event in crew.events
        if isinstance(event, AttemptsEnded)
        for value in event.values
    ]


def works(crew):
    return [call.work for _, _, call in crew.calls]


def test_a_map_is_counted_then_each_element_runs_then_the_list_is_made():
    builder, made = one_map()
    last = builder.call(add, made)

    crew = execute(builder.build(last), behave=counting(3))

    name = made.invocation_id
    assert finished(crew)[0].state is State.SUCCEEDED
    assert works(crew) == ["count", *["task"] * 3, "gather", "task"]
    assert [call.invocation_id for _, _, call in crew.calls[1:5]] == [
        f"{name}.0",
        f"{name}.1",
        f"{name}.2",
        name,
    ]
    # Counting is no attempt.
    assert [(end.invocation_id, end.attempt) for end in ends(crew)] == [
        (f"{name}.0", 1),
        (f"{name}.1", 1),
        (f"{name}.2", 1),
        (name, 1),
        (last.invocation_id, 1),
    ]
    assert values(crew)[:4] == [f"{made.packed}.{k}" for k in range(3)] + [made.packed]


def test_the_length_is_told_before_any_element():
    builder, made = one_map()

    crew = execute(builder.build(made), behave=counting(3))

    (opened,) = [event for event in crew.events if isinstance(event, MapOpened)]
    assert (opened.invocation_id, opened.length) == (made.invocation_id, 3)
    told = [event for event in crew.events if isinstance(event, AttemptsBegan | AttemptsEnded)]
    assert crew.events.index(opened) < min(map(crew.events.index, told))


def test_an_element_takes_its_part_of_mapped_arguments_and_all_of_the_others():
    builder = PlanBuilder()
    upstream = builder.call(number, 0)
    listed = [builder.call(number, n) for n in range(2)]
    made = builder.call(add, upstream, listed, (7, 8), 9, map_over=[0, 1, 2])

    crew = execute(builder.build(made), behave=counting(2))

    count, first, second, gather = [
        call for _, _, call in crew.calls if call.invocation_id.startswith(made.invocation_id)
    ]
    assert [place for place, _ in count.keywords] == ["0", "1", "2"]
    assert [argument.at for argument in (first.arguments[0], second.arguments[0])] == [0, 1]
    assert isinstance(first.arguments[0], Item)
    whole = dict(count.keywords)["1"]
    assert isinstance(whole, Gathered)
    assert (first.arguments[1], second.arguments[1]) == whole.items
    assert first.arguments[3] == second.arguments[3]
    (listing,) = gather.arguments
    assert isinstance(listing, Gathered)
    assert len(listing.items) == 2


def test_a_map_over_nothing_makes_an_empty_list():
    builder, made = one_map(())

    crew = execute(builder.build(made), behave=counting(0))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert works(crew) == ["count", "gather"]
    assert crew.calls[-1][2].arguments[0].items == ()


def test_a_count_that_fails_is_a_failed_attempt_of_the_map():
    builder, made = one_map(retry_policy=None)
    problem = "Task 'number' is mapped over its argument 1, which is an int and not a sequence."

    crew = execute(builder.build(made), behave=lambda _: Behaviour(problem=problem))

    assert of(crew, made.invocation_id) == [(1, State.FAILED, True)]
    assert finished(crew)[0].message == f"{problem} ({made.invocation_id})"


def test_a_node_that_is_lost_while_it_counts_is_no_harm():
    builder, made = one_map()
    deaths = [Cause.NODE_LOST]

    def behave(call):
        if call.work == "count" and deaths:
            return Behaviour(death=deaths.pop())
        return Behaviour(length=2)

    crew = execute(builder.build(made), behave=behave)

    assert finished(crew)[0].state is State.SUCCEEDED
    assert works(crew) == ["count", "count", "task", "task", "gather"]


def test_a_failed_element_is_named_and_ends_the_run():
    builder, made = one_map()
    broken = f"{made.invocation_id}.1"

    def behave(call):
        return Behaviour(problem="ValueError: no" if call.invocation_id == broken else None)

    crew = execute(builder.build(made), behave=counting(3, behave))

    assert of(crew, broken) == [(1, State.FAILED, True)]
    message = "Element 1 of task 'number' failed: ValueError: no"
    assert [end.message for end in ends(crew) if end.state is State.FAILED] == [message]
    assert finished(crew)[0].message == f"{message} ({broken})"
    assert "gather" not in works(crew)


def test_an_element_that_dies_alone_is_tried_again():
    builder, made = one_map(max_retries=1)
    deaths = {f"{made.invocation_id}.2": 1}

    def behave(call):
        dies = deaths.pop(call.invocation_id, None)
        return Behaviour(death=Cause.CRASH if dies else None)

    crew = execute(builder.build(made), behave=counting(5, behave))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert of(crew, f"{made.invocation_id}.2") == [
        (1, State.FAILED, False),
        (2, State.SUCCEEDED, True),
    ]
    died = next(end.message for end in ends(crew) if end.message)
    assert died.startswith("The process of element 2 of task 'number' died")


def test_a_new_head_runs_only_what_is_missing():
    builder, made = one_map()
    plan_artifacts = tuple(f"{made.packed}.{k}" for k in (0, 2))
    built = builder.build(made, stored=plan_artifacts)
    plan = built.plan.model_copy(update={"lengths": {made.invocation_id: 4}})
    crew = cluster(built)

    crew.executor.begin(plan, built.definition)
    crew.play()

    assert finished(crew)[0].state is State.SUCCEEDED
    name = made.invocation_id
    assert [call.invocation_id for _, _, call in crew.calls] == [f"{name}.1", f"{name}.3", name]
    assert not any(isinstance(event, MapOpened) for event in crew.events)
    listed = crew.calls[-1][2].arguments[0].items
    assert [listed[0], listed[2]] == [value.location for value in plan.stored]
    # A lost head may have stored their results without having told of their ends.
    assert [end.invocation_id for end in ends(crew)][:2] == [f"{name}.0", f"{name}.2"]


def test_a_map_that_was_only_to_be_gathered_is_gathered():
    builder, made = one_map()
    built = builder.build(made, stored=tuple(f"{made.packed}.{k}" for k in range(2)))
    plan = built.plan.model_copy(update={"lengths": {made.invocation_id: 2}})
    crew = cluster(built)

    crew.executor.begin(plan, built.definition)
    crew.play()

    assert works(crew) == ["gather"]


def test_maps_of_maps_run_one_after_the_other():
    builder, first = one_map()
    second = builder.call(number, first, map_over=[0])

    crew = execute(builder.build(second), behave=counting(2))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert works(crew) == ["count", "task", "task", "gather"] * 2


def test_a_map_is_never_sent_ahead_of_its_inputs():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    made = builder.call(number, builder.call(number, 1), map_over=[0])

    crew = execute(builder.build(made), size=TWO, behave=counting(1))

    assert {call.after for _, _, call in crew.calls} == {None}


def test_elements_share_the_workers_like_all_jobs():
    builder = PlanBuilder(pools={"default": (4, NODE)})
    made = builder.call(number, 0, map_over=[0])

    def behave(_):
        return Behaviour(seconds=0.5)

    crew = execute(builder.build(made), nodes=4, behave=counting(40, behave))

    assert len({worker for _, worker, call in crew.calls if call.work == "task"}) == 4
    spent = max(end.ended_at for end in ends(crew)) - min(end.started_at for end in ends(crew))
    assert spent < 40 * 0.5 / 4 + 1.5


def test_a_run_that_is_stopped_in_a_map_is_over():
    builder, made = one_map()
    built = builder.build(made)
    crew = cluster(built, behave=counting(1000, lambda _: Behaviour(seconds=10)))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=3)

    crew.executor.end("run-1")
    crew.play()

    assert not finished(crew)
    assert not crew.up


@pytest.mark.parametrize("length", [3000])
def test_very_many_results_are_gathered_from_one_place(length, tmp_path):
    builder, made = one_map()
    built = builder.build(made)
    crew = cluster(built, behave=counting(length), exchange=tmp_path)
    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert finished(crew)[0].state is State.SUCCEEDED
    assert len(ends(crew)) == length + 1
    assert isinstance(crew.calls[-1][2].arguments[0], Bundle)


def test_a_sequence_without_an_end_in_sight_is_refused():
    builder, made = one_map()

    crew = execute(builder.build(made), behave=counting(10**12))

    assert "mapped over 1,000,000,000,000 elements, and a map may have 1,000,000" in (
        finished(crew)[0].message
    )
    assert of(crew, made.invocation_id) == [(1, State.FAILED, True)]


@st.composite
def runs(draw):
    """Random graphs in which some invocations are maps, with workers that die now and then."""
    builder = PlanBuilder(pools={"a": (2, NODE), "b": (1, NODE)})
    made = []
    for _ in range(draw(st.integers(1, 8))):
        some = draw(st.lists(st.sampled_from(made), max_size=3)) if made else []
        over = [0] if draw(st.booleans()) else []
        pool = draw(st.sampled_from("ab"))
        options = {"max_retries": 3, "cache": draw(st.sampled_from([None, CACHE]))}
        source = draw(st.sampled_from(made)) if made else 1
        made.append(builder.call(number, source, some, map_over=over, pool=pool, **options))
    lengths = draw(st.lists(st.integers(0, 5), min_size=8, max_size=8))
    dying = draw(st.sets(st.integers(1, 40), max_size=3))
    return builder.build(*made), lengths, dying


@settings(deadline=None, max_examples=60)
@given(runs())
def test_every_element_succeeds_exactly_once_and_before_its_list(run):
    built, lengths, dying = run
    length_of = dict(zip(built.definition.task_invocations, lengths, strict=False))
    count = 0

    def behave(call):
        nonlocal count
        count += 1
        death = Cause.NODE_LOST if count in dying else None
        return Behaviour(seconds=0.004, death=death, length=length_of.get(call.invocation_id, 0))

    crew = execute(built, nodes=2, behave=behave)

    assert [end.state for end in finished(crew)] == [State.SUCCEEDED]
    succeeded = [end for end in ends(crew) if end.state is State.SUCCEEDED]
    ended_at = {end.invocation_id: end.ended_at for end in succeeded}
    assert len(ended_at) == len(succeeded)
    expected = set(length_of)
    for name, invocation in built.definition.task_invocations.items():
        elements = {f"{name}.{k}" for k in range(length_of[name])} if invocation.map_over else set()
        expected |= elements
        assert all(ended_at[element] <= ended_at[name] for element in elements)
        for leaf in built.definition.leaves(invocation.argument_ids()):
            maker = built.definition.producers().get(leaf)
            assert all(not maker or ended_at[maker] <= ended_at[each] for each in elements)
    assert ended_at.keys() == expected
