"""A small simulation with the executor's own planning."""

from collections import Counter

import pytest

from benchmarks.rows import OURS
from benchmarks.simulation.benchmark import (
    LOWER_BOUND,
    least_makespan,
    least_node_seconds,
    simulate,
)
from benchmarks.simulation.graph import make_graph
from benchmarks.simulation.loop import Simulation
from benchmarks.simulation.sizes import Sizes

SMALL = Sizes(tasks=600, nodes=20, images=6, strands=2, layers=4)


def test_all_tasks_run_within_what_is_possible():
    graph = make_graph(SMALL)

    outcome = Simulation(SMALL, graph).run()

    assert outcome.tasks == 600
    assert outcome.most_nodes <= SMALL.nodes_of_a_pool
    assert outcome.makespan >= least_makespan(SMALL, graph)
    assert outcome.node_seconds >= least_node_seconds(SMALL, graph)
    assert outcome.decisions >= outcome.tasks


@pytest.mark.parametrize("seconds", [0.004, 0.2])
def test_short_tasks_that_travel_in_batches_all_run(seconds):
    sizes = Sizes(tasks=600, nodes=4, images=2, strands=1, layers=3, seconds=seconds)

    assert Simulation(sizes, make_graph(sizes)).run().tasks == 600


def test_the_same_seed_gives_the_same_run():
    first, second = (Simulation(SMALL, make_graph(SMALL)).run() for _ in range(2))

    assert (first.makespan, first.node_seconds) == (second.makespan, second.node_seconds)


def test_each_layer_of_a_strand_uses_one_image():
    graph = make_graph(SMALL)

    layers = {(name.rsplit("-", 1)[0], pool_id) for name, pool_id in graph.pool_of.items()}

    assert set(Counter(layer for layer, _ in layers).values()) == {1}
    assert len(set(graph.pool_of.values())) == 6


def test_the_rows_are_measured_against_the_lower_bounds():
    makespan, node_seconds, decisions = simulate(SMALL)

    assert makespan.ratio() > 1
    assert node_seconds.ratio() > 1
    assert node_seconds.measurements.keys() == {OURS, LOWER_BOUND}
    assert decisions.unit == "/s"
