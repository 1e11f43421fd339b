"""Public stand-ins for tests of whatever runs on a run cluster.

What belongs here: an engine that lives in the test's own process (`MemoryEngine`), launchers of
nodes for it, workers that run nothing, in a time of their own (`MemoryCrew`), and a short way to
write the plan of a run (`PlanBuilder`). What does not: anything that production code imports.
"""

from orquestra.executor.testing.host_nodes import HostNodes
from orquestra.executor.testing.memory_crew import Behaviour, MemoryCrew
from orquestra.executor.testing.memory_engine import MemoryEngine, NodeLauncher
from orquestra.executor.testing.plans import Built, Made, PlanBuilder

__all__ = [
    "Behaviour",
    "Built",
    "HostNodes",
    "Made",
    "MemoryCrew",
    "MemoryEngine",
    "NodeLauncher",
    "PlanBuilder",
]
