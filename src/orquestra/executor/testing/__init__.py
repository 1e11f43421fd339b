"""Public stand-ins for tests of whatever runs on a run cluster.

What belongs here: an engine that lives in the test's own process (`MemoryEngine`), launchers of
nodes for it, and a short way to write the plan of a run (`PlanBuilder`). What does not: anything
that production code imports.
"""

from orquestra.executor.testing.host_nodes import HostNodes
from orquestra.executor.testing.memory_dispatch import MemoryDispatch
from orquestra.executor.testing.memory_engine import MemoryEngine, NodeLauncher
from orquestra.executor.testing.plans import Made, PlanBuilder

__all__ = ["HostNodes", "Made", "MemoryDispatch", "MemoryEngine", "NodeLauncher", "PlanBuilder"]
