"""What a task takes of a node, in Ray's units."""

import pytest

from orquestra.executor.capacity import (
    Demand,
    node_cpus,
    node_fraction,
    task_demand,
    tasks_per_node,
)
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeSize

GIB = 2**30


def size(cpu, *, memory=GIB, gpu=0):
    return NodeSize(cpu=cpu, memory=memory, gpu=gpu)


@pytest.mark.parametrize(("cpu", "announced"), [(0.5, 1), (1, 1), (1.5, 1), (4, 4)])
def test_a_node_announces_whole_cpus(cpu, announced):
    assert node_cpus(size(cpu)) == announced


@pytest.mark.parametrize(
    ("node", "asked", "cpu"),
    [(4, None, 1), (0.5, None, 1), (0.5, "250m", 0.5), (2, "500m", 0.5), (4, "3", 3)],
)
def test_a_task_takes_what_it_asks_for_and_one_cpu_by_default(node, asked, cpu):
    resources = ir.Resources(cpu=asked) if asked else None

    assert task_demand(resources, size(node)).cpu == cpu


def test_memory_and_gpus_are_taken_as_asked():
    resources = ir.Resources(memory="1.5Gi", gpu="2")

    demand = task_demand(resources, size(4, gpu=2))

    assert demand == Demand(cpu=1, memory=3 * GIB // 2, gpu=2)


@pytest.mark.parametrize(
    ("demand", "count"),
    [
        (Demand(cpu=1, memory=0, gpu=0), 4),
        (Demand(cpu=1, memory=GIB, gpu=0), 2),
        (Demand(cpu=1, memory=0, gpu=1), 1),
        (Demand(cpu=0.1, memory=0, gpu=0), 40),
        (Demand(cpu=8, memory=0, gpu=0), 1),
    ],
)
def test_the_scarcest_resource_decides_how_many_run_at_once(demand, count):
    assert tasks_per_node(demand, size(4, memory=2 * GIB, gpu=1)) == count


@pytest.mark.parametrize(
    ("demand", "fraction"),
    [
        (Demand(cpu=1, memory=0, gpu=0), 1 / 4),
        (Demand(cpu=3, memory=GIB, gpu=0), 3 / 4),
        (Demand(cpu=0, memory=0, gpu=1), 1),
        (Demand(cpu=0, memory=0, gpu=0), 1 / 1000),
    ],
)
def test_a_task_takes_as_much_of_a_node_as_of_its_scarcest_resource(demand, fraction):
    assert node_fraction(demand, size(4, memory=2 * GIB, gpu=1)) == fraction
