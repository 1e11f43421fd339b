"""Results of earlier runs in place of calls, in runs played to their ends."""

from dataclasses import replace

from orquestra.executor.protocol import Item, Own
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    AttemptsEnded,
    CachedResult,
    CachedValue,
    Location,
    MapOpened,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import TWO, add, cluster, ends, finished, number

CACHE = ir.CachePolicy(fingerprint="f")


def found(*elements):
    return CachedResult(
        run_id="old-run",
        values=[CachedValue(each, Location("old", 0, 1, ValueFormat.JSON)) for each in elements],
    )


def play(built, remembered, **options):
    crew = cluster(built, **options)
    crew.remembered = remembered
    crew.executor.begin(built.plan, built.definition)
    crew.play()
    return crew


def test_a_result_that_is_found_needs_no_call():
    builder = PlanBuilder()
    first = builder.call(number, 1, cache=CACHE)
    last = builder.call(add, first)

    crew = play(builder.build(last), {first.invocation_id: found(None)})

    assert finished(crew)[0].state is State.SUCCEEDED
    assert [call.invocation_id for _, _, call in crew.calls] == [last.invocation_id]
    reused, made = ends(crew)
    assert (reused.node_id, reused.attempt, reused.state) == (None, 1, State.SUCCEEDED)
    assert reused.message == "Reused the result of run old-run"
    assert reused.cache_key is None
    assert made.message is None
    (location,) = crew.calls[0][2].arguments
    assert location == found(None).values[0].location
    stored = [v for e in crew.events if isinstance(e, AttemptsEnded) for v in e.values]
    assert stored[0] == (first.packed, location)


def test_a_result_that_is_not_found_is_made_and_told_with_its_key():
    builder = PlanBuilder()
    only = builder.call(number, 1, cache=CACHE)

    crew = play(builder.build(only), {})

    (end,) = ends(crew)
    assert end.cache_key == f"key of {only.invocation_id}"
    assert end.node_id


def test_a_question_tells_the_fingerprints_of_the_constants_that_it_gives():
    builder = PlanBuilder()
    built = builder.build(builder.call(number, {1}, cache=CACHE))
    ((name, node),) = built.definition.constant_nodes.items()
    told = {name: node.model_copy(update={"fingerprint": "told"})}

    crew = play(
        replace(built, definition=built.definition.model_copy(update={"constant_nodes": told})), {}
    )

    (question,) = crew.asked
    assert question.fingerprints == {question.given[0][0]: "told"}


def test_what_is_never_cached_is_not_asked_about():
    builder = PlanBuilder()
    crew = play(builder.build(builder.call(number, 1)), {})

    assert not crew.asked
    assert ends(crew)[0].cache_key is None


def test_nothing_is_reused_in_a_dry_run():
    builder = PlanBuilder()
    only = builder.call(number, 1, cache=CACHE)

    crew = play(builder.build(only, dry_run=True), {only.invocation_id: found(None)})

    assert not crew.asked
    assert ends(crew)[0].cache_key is None


def test_a_result_of_which_a_used_part_is_missing_is_made_anew():
    builder = PlanBuilder()
    pair = builder.call(number, 1, outputs=2, cache=CACHE)
    last = builder.call(add, pair.parts[1])
    built = builder.build(last)

    partly = play(built, {pair.invocation_id: found(0, None)})
    wholly = play(built, {pair.invocation_id: found(1, None)})

    assert [len(partly.calls), len(wholly.calls)] == [2, 1]


def test_elements_of_maps_are_looked_up_one_by_one():
    builder = PlanBuilder()
    made = builder.call(number, [5, 6], map_over=[0], cache=CACHE)
    name = made.invocation_id

    crew = play(
        builder.build(made), {f"{name}.0": found(None)}, behave=lambda _: Behaviour(length=2)
    )

    assert finished(crew)[0].state is State.SUCCEEDED
    assert [(call.work, call.invocation_id) for _, _, call in crew.calls] == [
        ("count", name),
        ("task", f"{name}.1"),
        ("gather", name),
    ]
    assert [question.job.name for question in crew.asked] == [f"{name}.0", f"{name}.1"]
    assert isinstance(crew.asked[0].given[0][0], Item)
    assert [end.cache_key for end in ends(crew)] == [None, f"key of {name}.1", None]


def test_elements_are_asked_about_by_their_digests():
    builder = PlanBuilder()
    made = builder.call(number, [5, 6], map_over=[0], cache=CACHE)
    counted = Behaviour(length=2, digests={"0": [b"five", b"six"]})

    crew = play(builder.build(made), {}, behave=lambda _: counted)

    assert [question.given[0][0].digest for question in crew.asked] == [b"five", b"six"]


def test_a_new_head_counts_cached_maps_anew_for_the_digests_of_their_elements():
    builder = PlanBuilder()
    made = builder.call(number, [5, 6], map_over=[0], cache=CACHE)
    built = builder.build(made)
    plan = built.plan.model_copy(update={"lengths": {made.invocation_id: 2}})
    counted = Behaviour(length=2, digests={"0": [b"five", b"six"]})

    crew = play(replace(built, plan=plan), {}, behave=lambda _: counted)

    assert [call.work for _, _, call in crew.calls] == ["count", "task", "task", "gather"]
    assert crew.asked[0].given[0][0].digest == b"five"
    assert not [event for event in crew.events if isinstance(event, MapOpened)]


def test_what_a_cached_task_gets_is_known_once_all_of_it_is_there():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    made = builder.call(number, 1)
    last = builder.call(add, [made], builder.call(add, [made]), cache=CACHE)
    built = builder.build(last)
    # The list is one object, of which the first call takes a value that is not there yet.
    first, second = (
        each
        for each in built.definition.task_invocations.values()
        if len(each.args_ids) and each.args_ids[0] in built.definition.collection_nodes
    )
    shared = second.model_copy(update={"args_ids": [first.args_ids[0], second.args_ids[1]]})
    built.definition.task_invocations[second.id] = shared

    crew = play(built, {}, size=TWO)

    (asked,) = crew.asked
    assert isinstance(crew.calls[1][2].arguments[0].items[0], Own)
    assert isinstance(asked.given[0][0].items[0], Location)


def test_all_elements_can_be_reused():
    builder = PlanBuilder()
    made = builder.call(number, [5, 6], map_over=[0], cache=CACHE)
    remembered = {f"{made.invocation_id}.{k}": found(None) for k in range(2)}

    crew = play(builder.build(made), remembered, behave=lambda _: Behaviour(length=2))

    assert [call.work for _, _, call in crew.calls] == ["count", "gather"]
    assert finished(crew)[0].state is State.SUCCEEDED


def test_a_cached_task_is_not_sent_ahead_of_its_inputs():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    last = builder.call(add, builder.call(number, 1), cache=CACHE)

    crew = play(builder.build(last), {}, size=TWO)

    assert {call.after for _, _, call in crew.calls} == {None}
    assert finished(crew)[0].state is State.SUCCEEDED


def test_a_run_that_fails_does_not_wait_for_answers():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    broken = builder.call(number, 0)
    cached = builder.call(number, 1, cache=CACHE)
    crew = cluster(
        builder.build(broken, cached), size=TWO, behave=lambda _: Behaviour(problem="no")
    )
    crew.ask = crew.asked.append  # nobody answers
    built = builder.build(broken, cached)

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert finished(crew)[0].state is State.FAILED
    assert len(crew.calls) == 1


def test_an_answer_after_the_end_of_its_run_is_dropped():
    builder = PlanBuilder()
    built = builder.build(builder.call(number, 1, cache=CACHE))
    crew = cluster(built)
    crew.executor.begin(built.plan, built.definition)
    crew.executor.turn()

    crew.executor.end("run-1")
    crew.play()

    assert not crew.calls
    assert not crew.executor._runs
    assert crew.forgotten


def test_nothing_is_kept_of_a_run_that_is_over():
    builder = PlanBuilder()
    crew = play(builder.build(builder.call(number, 1, cache=CACHE)), {})

    assert finished(crew)[0].state is State.SUCCEEDED
    assert crew.forgotten == ["run-1"]
    assert not crew.executor._conductor._reuse._asked
