"""Errors of the executor.

    ExecutorError
    ├── ClusterOver     the engine is done with the cluster; nothing is left     (system)
    ├── RunOver         the engine has ended a run; nothing is left to do for it (system)
    ├── EngineRefused   the engine does not accept a call, or keeps failing      (system)
    ├── PoolFull        a pool has no room for the nodes that Ray wants          (system)
    ├── NoRoom          the exchange takes no more files                         (system)
    ├── UnknownRay      Ray lacks what the executor stands on                    (system)
    └── BadGraph        the definition is not a graph that can be walked         (user)

Failures of a user's task are no exceptions here: they travel as `failures.Failure`.
"""

from typing import ClassVar, Literal


class ExecutorError(Exception):
    """Root of all errors that the executor raises on purpose."""

    code: ClassVar[str] = "executor_error"
    kind: ClassVar[Literal["user", "system"]] = "system"


class ClusterOver(ExecutorError):
    """The engine is done with the run cluster; nothing is left to do."""

    code = "cluster_over"


class RunOver(ExecutorError):
    """The engine has ended a run; nothing is left to do for it."""

    code = "run_over"


class EngineRefused(ExecutorError):
    """The engine does not accept a call, or keeps failing."""

    code = "engine_refused"


class PoolFull(ExecutorError):
    """A pool has no room for the nodes that Ray wants."""

    code = "pool_full"


class NoRoom(ExecutorError):
    """The exchange takes no more files."""

    code = "no_room"


class UnknownRay(ExecutorError):
    """Ray lacks what the executor stands on: it is another release."""

    code = "unknown_ray"


class BadGraph(ExecutorError):
    """The definition is not a graph that can be walked."""

    code = "bad_graph"
    kind = "user"
