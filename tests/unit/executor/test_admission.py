"""Admission: enough with Ray for the autoscaler to see, and no more."""

from orquestra.executor.admission import Admission
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import NodeSize

NODE = NodeSize(cpu=2, memory=2**30, gpu=0)


def test_each_pool_gets_two_rounds_of_what_its_nodes_can_run():
    builder = PlanBuilder(pools={"wide": (3, NODE), "narrow": (1, NODE)})
    calls = [builder.call(text, n, pool="wide") for n in range(30)]
    calls += [builder.call(text, n, pool="narrow") for n in range(30)]
    plan = builder.build(*calls)
    admission = Admission(plan)

    admission.add(made.invocation_id for made in calls)
    admitted = list(admission.admit())

    pools = [plan.pool_of_invocation[name] for name in admitted]
    assert pools.count("wide") == 2 * 3 * 2
    assert pools.count("narrow") == 2 * 1 * 2
    assert admitted[0] == calls[0].invocation_id


def test_what_has_ended_makes_room_for_the_next_in_line():
    builder = PlanBuilder(pools={"only": (1, NODE)})
    calls = [builder.call(text, n).invocation_id for n in range(6)]
    admission = Admission(builder.build())
    admission.add(calls)
    first = list(admission.admit())

    admission.release(first[0])
    admission.add_first(first[0])

    assert list(admission.admit()) == [first[0]]
    assert list(admission.admit()) == []


def text(value):
    return str(value)
