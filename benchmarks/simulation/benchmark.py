"""The simulation as a benchmark: how near to the lower bounds the policy comes, and how quickly."""

from collections.abc import Iterator
from dataclasses import asdict

from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from benchmarks.simulation.graph import Graph, make_graph
from benchmarks.simulation.loop import Simulation
from benchmarks.simulation.sizes import Sizes

LOWER_BOUND = "lower bound"
QUICK = Sizes(tasks=10_000, nodes=100)


def measure(options: Options) -> Iterator[Row]:
    """Three rows for one run of the usual size."""
    yield from simulate(QUICK if options.quick else Sizes())


def simulate(sizes: Sizes) -> Iterator[Row]:
    """Makespan and node-seconds, each against what no policy goes below, and decisions."""
    graph = make_graph(sizes)
    outcome = Simulation(sizes, graph).run()
    name = f"simulated {outcome.tasks:,} tasks, {sizes.nodes:,} nodes, {sizes.images} images"
    yield Row(
        work=f"{name}: makespan",
        measurements={OURS: [outcome.makespan], LOWER_BOUND: [least_makespan(sizes, graph)]},
        goal=Goal(limit=1.25, against=LOWER_BOUND),
        details={"sizes": asdict(sizes), "outcome": asdict(outcome)},
    )
    yield Row(
        work=f"{name}: node-seconds",
        measurements={
            OURS: [outcome.node_seconds],
            LOWER_BOUND: [least_node_seconds(sizes, graph)],
        },
        goal=Goal(limit=1.25, against=LOWER_BOUND),
    )
    yield Row(
        work=f"{name}: decisions",
        unit="/s",
        measurements={OURS: [outcome.decisions / outcome.policy_seconds]},
    )


def least_makespan(sizes: Sizes, graph: Graph) -> float:
    """The longest of: the critical path, and each pool's work on all of its nodes.

    The first node has to boot, and its first worker, before anything can begin.
    """
    places = sizes.nodes_of_a_pool * sizes.cores
    busiest = max(seconds / places for seconds in graph.work().values())
    return sizes.node_boot + sizes.worker_boot + max(graph.critical_path, busiest)


def least_node_seconds(sizes: Sizes, graph: Graph) -> float:
    """The seconds of all tasks on nodes that are always full, and boot in no time."""
    return sum(graph.work().values()) / sizes.cores
