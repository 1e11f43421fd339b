"""How much of a node a task takes, in the units that Ray counts in.

Ray wants whole CPUs on a node. So a node counts its whole cores, and one of less than a core
counts as 1 with its tasks scaled up accordingly: a task that takes half of it takes half of 1.
"""

import math
from dataclasses import dataclass

from orquestra.sdk.kubernetes.quantity import parse_quantity
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeSize


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What one task takes of a node while it runs. `memory` in bytes, 0 reserves nothing."""

    cpu: float
    memory: int
    gpu: int


def node_cpus(size: NodeSize) -> int:
    """The CPUs that a node announces to Ray."""
    return max(1, math.floor(size.cpu))


def task_demand(resources: ir.Resources | None, size: NodeSize) -> Demand:
    """What a task takes of a node of this size: 1 CPU where it names none, or the whole node."""
    asked = resources or ir.Resources()
    cpu = float(parse_quantity(asked.cpu)) if asked.cpu else min(1.0, size.cpu)
    scale = node_cpus(size) / size.cpu if size.cpu < 1 else 1.0
    return Demand(
        cpu=round(cpu * scale, 4),
        memory=math.ceil(parse_quantity(asked.memory)) if asked.memory else 0,
        gpu=int(parse_quantity(asked.gpu)) if asked.gpu else 0,
    )


def tasks_per_node(demand: Demand, size: NodeSize) -> int:
    """How many such tasks run on one node at once; at least 1."""
    fits = (
        _times(node_cpus(size), demand.cpu),
        _times(size.memory, demand.memory),
        _times(size.gpu, demand.gpu),
    )
    return max(1, int(min(fits)))


def node_fraction(demand: Demand, size: NodeSize) -> float:
    """How much of a node one such task takes: of that resource of which it takes most."""
    parts = (
        demand.cpu / node_cpus(size),
        demand.memory / size.memory if size.memory else 0.0,
        demand.gpu / size.gpu if size.gpu else 0.0,
    )
    return max(*parts, 1 / NODE_TASK_LIMIT)


def _times(whole: float, part: float) -> float:
    # The tolerance keeps a third of a node at three a node.
    return math.floor(whole / part + 1e-6) if part else NODE_TASK_LIMIT


NODE_TASK_LIMIT = 1000
"""Tasks that take nothing measurable still do not get workers without end."""
