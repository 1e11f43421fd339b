"""Looking ahead in a graph."""

from orquestra.executor.graph import Walk, read_graph
from orquestra.executor.planning import Outlook
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import NodeSize

NODE = NodeSize(cpu=1, memory=2**30, gpu=0)
POOLS = {"a": (1, NODE), "b": (1, NODE), "c": (1, NODE)}


def text(*values):
    return str(values)


def outlook(built, *, done=()):
    steps = read_graph(built.definition)
    pool_of = {name: pool for pool, names in built.plan.invocations.items() for name in names}
    return Outlook(built.definition, steps, pool_of=pool_of, done=done)


def due(found, *, boot, seconds):
    return found.due(lambda _: boot, lambda _, count: seconds * count)


def chain(builder, *pools):
    made = [builder.call(text, 1, pool=pools[0])]
    for pool in pools[1:]:
        made.append(builder.call(text, made[-1], pool=pool))
    return made


def test_a_pool_is_due_once_what_is_before_it_takes_no_longer_than_a_boot():
    builder = PlanBuilder(pools=POOLS)
    made = chain(builder, "a", "a", "a", "b", "c")
    found = outlook(builder.build(made[-1]))

    assert due(found, boot=2.5, seconds=1) == []
    found.complete(made[0].invocation_id)
    assert due(found, boot=2.5, seconds=1) == [made[3].invocation_id]
    assert due(found, boot=2.5, seconds=1) == []
    found.complete(made[1].invocation_id)
    assert due(found, boot=2.5, seconds=1) == [made[4].invocation_id]


def test_pools_whose_tasks_need_nothing_are_never_announced():
    builder = PlanBuilder(pools=POOLS)
    made = [builder.call(text, 1, pool=pool) for pool in "abc"]

    assert due(outlook(builder.build(*made)), boot=100, seconds=1) == []


def test_many_tasks_before_take_longer_than_one():
    builder = PlanBuilder(pools=POOLS)
    wide = [builder.call(text, n, pool="a") for n in range(10)]
    found = outlook(builder.build(builder.call(text, *wide, pool="b")))

    assert due(found, boot=5, seconds=1) == []
    for made in wide[:6]:
        found.complete(made.invocation_id)
    assert len(due(found, boot=5, seconds=1)) == 1


def test_a_pool_is_done_with_after_its_last_task():
    builder = PlanBuilder(pools=POOLS)
    made = chain(builder, "a", "b", "a", "b")
    found = outlook(builder.build(made[-1]))
    assert found.pools() == {"a", "b"}

    for call in made[:3]:
        found.complete(call.invocation_id)

    assert found.pools() == {"b"}


def test_what_is_stored_is_no_longer_ahead():
    builder = PlanBuilder(pools=POOLS)
    made = chain(builder, "a", "b")
    built = builder.build(made[-1])
    walk = Walk(read_graph(built.definition), stored=[made[0].packed])

    found = outlook(built, done=walk.done)

    assert found.pools() == {"b"}
    assert due(found, boot=0, seconds=1) == [made[1].invocation_id]


def test_a_map_counts_as_one_task_until_it_is_opened():
    builder = PlanBuilder(pools=POOLS)
    mapped = builder.call(text, [1], map_over=[0], pool="a")
    last = builder.call(text, mapped, pool="b")

    assert due(outlook(builder.build(last)), boot=1.5, seconds=1) == [last.invocation_id]

    found = outlook(builder.build(last))
    found.open(mapped.invocation_id, 10)
    assert due(found, boot=5, seconds=1) == []
    for _ in range(8):
        found.complete_element(mapped.invocation_id)
    assert due(found, boot=5, seconds=1) == [last.invocation_id]
    found.complete_element(mapped.invocation_id)
    found.complete_element(mapped.invocation_id)
    assert found.pools() == {"a", "b"}
    found.complete(mapped.invocation_id)
    assert found.pools() == {"b"}
