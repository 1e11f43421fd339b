"""What calls are told of their arguments: collections, and what is too large to repeat."""

import pickle

import pytest

from orquestra import sdk
from orquestra.executor.arguments import MANY
from orquestra.executor.exchange import Exchange
from orquestra.executor.protocol import Bundle, Constant, Counted, Gathered, Item, Own, Secret
from orquestra.executor.runs import Run
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import TWO, add, cluster, execute, finished, number

LIST, TUPLE, DICT = ir.CollectionType.LIST, ir.CollectionType.TUPLE, ir.CollectionType.DICT


def last_call(crew):
    return crew.calls[-1][2]


def test_a_call_waits_for_everything_in_its_collections():
    builder = PlanBuilder()
    made = [builder.call(number, n) for n in range(3)]
    last = builder.call(add, {"a": made[0], "b": [made[1], (made[2], 5)]})

    crew = execute(builder.build(last))

    assert finished(crew)[0].state is State.SUCCEEDED
    (argument,) = last_call(crew).arguments
    assert (argument.kind, [type(key) for key in argument.keys]) == (DICT, [Constant, Constant])
    inner = argument.items[1]
    assert (inner.kind, inner.items[1].kind) == (LIST, TUPLE)
    found = [argument.items[0], inner.items[0], inner.items[1].items[0]]
    assert [type(item) for item in found] == [Location] * 3
    assert len(crew.calls) == 4


def test_a_collection_takes_values_that_its_own_worker_has_just_made():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    first = builder.call(number, 1)
    last = builder.call(add, [first, 2])

    crew = execute(builder.build(last), size=TWO)

    (argument,) = last_call(crew).arguments
    assert isinstance(argument.items[0], Own)
    assert last_call(crew).after is not None


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_collection_in_several_places_travels_once(is_stored):
    builder = PlanBuilder()
    made = builder.call(number, 1)
    shared = builder._argument([made])
    pair = ir.CollectionNode(id="pair", type=LIST, items=[shared, shared])
    last = builder.call(add, made)
    built = builder.build(last, stored=(made.packed,) if is_stored else ())
    built.definition.collection_nodes[pair.id] = pair
    invocation = built.definition.task_invocations[last.invocation_id]
    changed = invocation.model_copy(update={"args_ids": [pair.id]})
    built.definition.task_invocations[last.invocation_id] = changed

    crew = cluster(built)
    crew.executor.begin(built.plan, built.definition)
    crew.play()

    (argument,) = last_call(crew).arguments
    again = pickle.loads(pickle.dumps(argument))
    assert again.items[0] is again.items[1]


def run_of(built, tmp_path):
    scheduler = Scheduler(lambda _: ())
    scheduler.set_pools(built.pools)
    return Run(built.plan, built.definition, scheduler, exchange=tmp_path)


@pytest.mark.parametrize(("count", "kind"), [(MANY - 1, Gathered), (MANY, Bundle)])
def test_a_large_collection_is_written_once_for_all_who_take_it(tmp_path, count, kind):
    builder = PlanBuilder()
    made = builder.call(number, 0)
    inner = [made] * (count - 1)
    listing = builder._argument([inner])
    consumers = [builder.call(add, 1) for _ in range(2)]
    built = builder.build(*consumers, stored=(made.packed,))
    for each in consumers:
        invocation = built.definition.task_invocations[each.invocation_id]
        changed = invocation.model_copy(update={"args_ids": [listing]})
        built.definition.task_invocations[each.invocation_id] = changed
    run = run_of(built, tmp_path)

    found = [run.arguments.of(job)[0][0] for job in run.supply.ready(0)]

    assert isinstance(found[0], kind)
    assert found[0] is found[1]
    if isinstance(found[0], Bundle):
        gathered = Exchange(tmp_path).read(found[0].location)
        assert len(gathered.items[0].items) == count - 1
    run.close()


def test_a_constant_that_a_map_goes_over_lies_in_the_exchange(tmp_path):
    builder = PlanBuilder()
    made = builder.call(number, [1, 2], map_over=[0])
    run = run_of(builder.build(made), tmp_path)
    (count,) = run.supply.ready(0)

    elements = run.open_map(count, Counted(2, {}))

    items = [run.arguments.of(job)[0][0] for job in elements]
    assert [(type(item), item.at) for item in items] == [(Item, 0), (Item, 1)]
    assert items[0].sequence is items[1].sequence
    assert Exchange(tmp_path).read(items[0].sequence) == [1, 2]
    run.close()


def test_calls_take_secrets_by_their_names(tmp_path):
    key = sdk.Secret("key", config_name="prod", workspace_id="team")
    builder = PlanBuilder()
    alone = builder.call(number, key)
    inside = builder.call(add, {"keys": [key, 1]})
    run = run_of(builder.build(alone, inside), tmp_path)

    (first,), (outer,) = (run.arguments.of(job)[0] for job in run.supply.ready(0))

    assert first == Secret("key", "team", "prod")
    assert outer.items[0].items == (first, Constant(ir.ArtifactFormat.JSON, b"1"))
    run.close()


def test_a_map_goes_over_secrets_and_beside_them(tmp_path):
    keys = [sdk.Secret("one"), sdk.Secret("two")]
    builder = PlanBuilder()
    made = builder.call(add, keys, sdk.Secret("both"), map_over=[0])
    run = run_of(builder.build(made), tmp_path)
    (count,) = run.supply.ready(0)

    elements = run.open_map(count, Counted(2, {}))

    names = [[each.name for each in run.arguments.of(job)[0]] for job in elements]
    assert names == [["one", "both"], ["two", "both"]]
    run.close()


def test_what_takes_a_secret_is_sent_behind_what_makes_its_other_arguments():
    builder = PlanBuilder(pools={"default": (1, TWO)})
    first = builder.call(number, 1)
    last = builder.call(add, first, sdk.Secret("key"))

    crew = execute(builder.build(last), size=TWO)

    assert last_call(crew).after is not None
    assert last_call(crew).arguments[1] == Secret("key", None, None)
