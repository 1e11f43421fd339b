"""The graph of the simulated run, in the form in which the executor knows graphs."""

import random
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from benchmarks.simulation.sizes import Sizes
from orquestra.executor.graph import Step
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolId

PARENTS = 2


class _Invocation(NamedTuple):
    """What planning reads of an invocation. A million real ones would take gigabytes."""

    id: ir.TaskInvocationId
    task_id: ir.TaskDefId


class _Definition(NamedTuple):
    task_invocations: dict[ir.TaskInvocationId, _Invocation]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Steps with their pools, their definitions and the seconds that each takes."""

    steps: dict[ir.TaskInvocationId, Step]
    pool_of: dict[ir.TaskInvocationId, PoolId]
    task_of: dict[ir.TaskInvocationId, ir.TaskDefId]
    seconds: dict[ir.TaskInvocationId, float]
    critical_path: float

    @property
    def definition(self) -> ir.WorkflowDef:
        """As much of a definition as planning reads."""
        invocations = {name: _Invocation(name, task) for name, task in self.task_of.items()}
        return cast("ir.WorkflowDef", cast("Any", _Definition(invocations)))

    def work(self) -> dict[PoolId, float]:
        """Seconds of all tasks, by pool."""
        found: dict[PoolId, float] = {}
        for name, seconds in self.seconds.items():
            pool_id = self.pool_of[name]
            found[pool_id] = found.get(pool_id, 0.0) + seconds
        return found


def pool_of_image(image: int) -> PoolId:
    """The pool of an image."""
    return PoolId(f"p-{image:02}")


def make_graph(sizes: Sizes) -> Graph:
    """Layers of tasks, each task after two of the layer above; the same for the same seed."""
    chance = random.Random(sizes.seed)
    graph = Graph(steps={}, pool_of={}, task_of={}, seconds={}, critical_path=0.0)
    longest = 0.0
    for strand in range(sizes.strands):
        ends: list[float] = []
        for layer in range(sizes.layers):
            ends = _add_layer(graph, sizes, at=(strand, layer), ends=ends, chance=chance)
        longest = max(longest, *ends)
    return Graph(
        steps=graph.steps,
        pool_of=graph.pool_of,
        task_of=graph.task_of,
        seconds=graph.seconds,
        critical_path=longest,
    )


def _add_layer(
    graph: Graph, sizes: Sizes, *, at: tuple[int, int], ends: list[float], chance: random.Random
) -> list[float]:
    """Add one layer; gives when each of its tasks could end at the earliest."""
    strand, layer = at
    pool_id = pool_of_image(sizes.image(strand, layer))
    task_id = ir.TaskDefId(f"task-{strand}-{layer}")
    found = []
    for number in range(sizes.width):
        name = ir.TaskInvocationId(f"{strand}-{layer}-{number}")
        above = {chance.randrange(sizes.width) for _ in range(PARENTS)} if layer else set()
        needs = frozenset(ir.ArtifactNodeId(f"a-{strand}-{layer - 1}-{n}") for n in above)
        made = ir.ArtifactNodeId(f"a-{name}")
        graph.steps[name] = Step(name, needs, (made,))
        graph.pool_of[name] = pool_id
        graph.task_of[name] = task_id
        # Many short ones and a few long ones, around the same mean.
        graph.seconds[name] = sizes.seconds * chance.gammavariate(2.0, 0.5)
        begin = max((ends[parent] for parent in above), default=0.0)
        found.append(begin + graph.seconds[name])
    return found
