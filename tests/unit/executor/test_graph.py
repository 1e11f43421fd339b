"""The walk through a graph: order, resuming, and what is kept."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.executor.errors import BadGraph
from orquestra.executor.graph import Step, Walk, read_graph
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema import ir


def invocation(number):
    return ir.TaskInvocationId(f"invocation-{number}")


def artifact(number):
    return ir.ArtifactNodeId(f"artifact-{number}")


@st.composite
def graphs(draw):
    """Random acyclic graphs: each invocation needs some of those before it."""
    count = draw(st.integers(1, 30))
    needs = [
        draw(st.frozensets(st.integers(0, number - 1), max_size=5)) if number else frozenset()
        for number in range(count)
    ]
    order = draw(st.permutations(range(count)))
    return {
        invocation(number): Step(
            invocation_id=invocation(number),
            needs=frozenset(map(artifact, needs[number])),
            keeps=(artifact(number),),
        )
        for number in order
    }


def walk_to_the_end(walk, *, random):
    """All invocations in the order they were given out, completing them in any order."""
    running, order = list(walk), []
    order += running
    while running:
        name = running.pop(random.randrange(len(running)))
        walk.complete(name)
        fresh = list(walk)
        running += fresh
        order += fresh
    return order


@given(graphs(), st.integers())
def test_every_order_of_completion_is_topological_and_runs_all_once(steps, seed):
    walk = Walk(steps, stored=())

    order = walk_to_the_end(walk, random=Random(seed))

    assert walk.is_finished()
    assert sorted(order) == sorted(steps)
    made_at = {
        artifact_id: at for at, name in enumerate(order) for artifact_id in steps[name].keeps
    }
    assert all(
        made_at[needed] < at for at, name in enumerate(order) for needed in steps[name].needs
    )


@given(graphs(), st.integers(), st.data())
def test_resuming_runs_exactly_what_is_not_stored(steps, seed, data):
    stored = data.draw(st.frozensets(st.sampled_from([*steps.values()]).map(lambda s: s.keeps[0])))

    order = walk_to_the_end(Walk(steps, stored=stored), random=Random(seed))

    assert sorted(order) == sorted(
        name for name, step in steps.items() if step.keeps[0] not in stored
    )


def test_unpacked_artifacts_are_kept_only_where_something_uses_them():
    builder = PlanBuilder()
    pair = builder.call(divmod_, 7, 2, outputs=2)
    last = builder.call(text, pair.parts[1])

    steps = read_graph(builder.build(last).definition)

    assert steps[pair.invocation_id].keeps == (pair.parts[1], pair.packed)
    assert steps[last.invocation_id].needs == {pair.parts[1]}


def test_an_old_document_without_a_packed_artifact_keeps_what_is_used():
    builder = PlanBuilder()
    pair = builder.call(divmod_, 7, 2, outputs=2)
    last = builder.call(text, pair.parts[0])
    definition = builder.build(last).definition
    made = definition.task_invocations[pair.invocation_id]
    old = made.model_copy(update={"output_ids": [pair.parts[0]]})
    invocations = {**definition.task_invocations, old.id: old}

    steps = read_graph(definition.model_copy(update={"task_invocations": invocations}))

    assert steps[pair.invocation_id].keeps == (pair.parts[0],)


def test_an_invocation_runs_again_where_only_a_part_of_it_is_stored():
    builder = PlanBuilder()
    pair = builder.call(divmod_, 7, 2, outputs=2)
    last = builder.call(text, pair.parts[0])
    steps = read_graph(builder.build(last).definition)

    walk = Walk(steps, stored=[pair.packed])

    assert list(walk) == [pair.invocation_id]


def test_an_argument_that_no_task_makes_is_refused():
    builder = PlanBuilder()
    first = builder.call(text, 1)
    last = builder.call(text, first)
    definition = builder.build(last).definition
    invocations = {last.invocation_id: definition.task_invocations[last.invocation_id]}

    with pytest.raises(BadGraph, match=r"needs artifact-0, which no task of the workflow makes"):
        read_graph(definition.model_copy(update={"task_invocations": invocations}))


def test_a_circle_is_refused():
    builder = PlanBuilder()
    first = builder.call(text, 1)
    last = builder.call(text, first)
    definition = builder.build(last).definition
    looped = definition.task_invocations[first.invocation_id].model_copy(
        update={"args_ids": [last.packed]}
    )
    invocations = {**definition.task_invocations, looped.id: looped}

    with pytest.raises(BadGraph, match="circle"):
        read_graph(definition.model_copy(update={"task_invocations": invocations}))


def divmod_(left, right):
    return divmod(left, right)


def text(value):
    return str(value)


def chain_behind(walk, first, *, fits=lambda _: True):
    return list(walk.behind(first, fits=fits, at_most=50))


def test_the_chain_behind_an_invocation_ends_where_the_graph_gets_wider():
    builder = PlanBuilder()
    first = builder.call(text, 1)
    second = builder.call(text, first)
    third = builder.call(text, second, first)
    wide = [builder.call(text, third) for _ in range(2)]
    walk = Walk(read_graph(builder.build(*wide).definition), stored=())

    assert chain_behind(walk, next(walk)) == [second.invocation_id, third.invocation_id]


def test_nothing_follows_that_waits_for_others_too():
    builder = PlanBuilder()
    first, other = builder.call(text, 1), builder.call(text, 2)
    walk = Walk(read_graph(builder.build(builder.call(text, first, other)).definition), stored=())

    assert next(walk) == first.invocation_id
    assert chain_behind(walk, first.invocation_id) == []
    walk.complete(other.invocation_id)
    assert len(chain_behind(walk, first.invocation_id)) == 1
    assert chain_behind(walk, first.invocation_id, fits=lambda _: False) == []


def test_what_is_in_collections_is_needed_like_any_argument():
    builder = PlanBuilder()
    first, second = builder.call(text, 1), builder.call(divmod_, 7, 2, outputs=2)
    last = builder.call(text, [first, {"a": (second.parts[0], first)}])

    steps = read_graph(builder.build(last).definition)

    assert steps[last.invocation_id].needs == {first.packed, second.parts[0]}
    assert steps[second.invocation_id].keeps == (second.parts[0], second.packed)


def with_collections(*nodes):
    builder = PlanBuilder()
    definition = builder.build(builder.call(text, 1)).definition
    return definition.model_copy(update={"collection_nodes": {node.id: node for node in nodes}})


def collection(name, *items):
    return ir.CollectionNode(id=name, type=ir.CollectionType.LIST, items=items)


@pytest.mark.parametrize(
    "nodes",
    [
        [collection("a", "a")],
        [collection("a", "b"), collection("b", "a")],
        [collection(f"c-{n}", f"c-{n + 1}") for n in range(150)],
        [collection(f"c-{n}", f"c-{n - 1}") for n in range(150)],
    ],
)
def test_collections_that_could_never_be_built_are_refused(nodes):
    with pytest.raises(BadGraph, match="inside each other more than 100 deep"):
        read_graph(with_collections(*nodes))


def test_wide_collections_and_shared_ones_are_read_once():
    inner = [collection(f"inner-{n}") for n in range(2000)]
    pairs = [collection("p-0")] + [collection(f"p-{n}", *[f"p-{n - 1}"] * 2) for n in range(1, 60)]

    assert read_graph(with_collections(collection("wide", *[i.id for i in inner]), *inner, *pairs))
