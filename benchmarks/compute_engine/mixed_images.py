"""Node-seconds of random graphs whose tasks use different images, over their lower bound."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.compute_engine.naps import nap
from benchmarks.compute_engine.node_seconds import lower_bound, node_seconds
from benchmarks.compute_engine.running import ComputeEngine, compute_engine, custom_image
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from orquestra import sdk
from orquestra.sdk.runs.workflow_runs import WorkflowRun
from orquestra.sdk.schema import api
from tests.running_engine import wait_for

GRAPHS = 10
LAYERS, WIDTH, PARENTS = 4, 3, 2
SECONDS = (5.0, 15.0)
CORES = 1
GONE_LIMIT = 60
LOWER_BOUND = "lower bound"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A task of a random graph: its image, how long it sleeps, and what it waits for."""

    image: str
    seconds: float
    parents: tuple[int, ...]


def measure(options: Options) -> Iterator[Row]:
    """One row; each graph gives one measurement of both."""
    spent, bounds = [], []
    with compute_engine() as engine:
        images = [custom_image(f"mixed-{number}") for number in range(3)]
        for seed in range(2 if options.quick else GRAPHS):
            pools = _run(engine, random_graph(seed, images[: 2 + seed % 2]))
            spent.append(node_seconds(pools))
            bounds.append(lower_bound(pools, cores=CORES))
    yield Row(
        work=f"node-seconds of {len(spent)} mixed-image graphs",
        measurements={OURS: spent, LOWER_BOUND: bounds},
        goal=Goal(limit=1.25, against=LOWER_BOUND),
        details={"ratios": [s / b for s, b in zip(spent, bounds, strict=True)]},
    )


def random_graph(seed: int, images: Sequence[str]) -> list[Node]:
    """Layers of tasks, each after one or two of the layer above; the same for the same seed."""
    chance = random.Random(seed)
    nodes: list[Node] = []
    for layer in range(LAYERS):
        above = range(len(nodes) - WIDTH, len(nodes)) if layer else ()
        nodes += [
            Node(
                image=chance.choice(images),
                seconds=round(chance.uniform(*SECONDS), 1),
                parents=tuple(chance.sample(above, chance.randint(1, PARENTS)) if above else ()),
            )
            for _ in range(WIDTH)
        ]
    return nodes


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi", nodes=2))
def naps(nodes: Sequence[Node]) -> tuple[object, ...]:
    """A random graph as a workflow; it returns what nothing else takes."""
    futures: list[sdk.ArtifactFuture[object]] = []
    for node in nodes:
        inputs = [futures[parent] for parent in node.parents]
        futures.append(nap(node.seconds, *inputs).with_custom_image(node.image))
    taken = {parent for node in nodes for parent in node.parents}
    return tuple(future for at, future in enumerate(futures) if at not in taken)


def _run(engine: ComputeEngine, nodes: Sequence[Node]) -> list[api.Pool]:
    engine.await_standby()
    run = naps(nodes).run(engine.config)
    run.get_results(wait=True)
    wait_for(lambda: _all_gone(run), within=GONE_LIMIT, what=lambda: "nodes to be gone")
    return run.get_nodes()


def _all_gone(run: WorkflowRun) -> bool:
    return all(node.end_time for pool in run.get_nodes() for node in pool.nodes)
