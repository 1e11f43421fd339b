"""Errors of the executor.

    ExecutorError
    ├── RunOver         the engine has ended the run; nothing is left to do      (system)
    ├── EngineRefused   the engine does not accept a call, or keeps failing      (system)
    ├── PoolFull        a pool has no room for the nodes that Ray wants          (system)
    └── BadGraph        the definition is not a graph that can be walked         (user)

Failures of a user's task are no exceptions here: they travel as `dispatch.Failure`.
"""

from typing import ClassVar, Literal


class ExecutorError(Exception):
    """Root of all errors that the executor raises on purpose."""

    code: ClassVar[str] = "executor_error"
    kind: ClassVar[Literal["user", "system"]] = "system"


class RunOver(ExecutorError):
    """The engine has ended the run; nothing is left to do."""

    code = "run_over"


class EngineRefused(ExecutorError):
    """The engine does not accept a call, or keeps failing."""

    code = "engine_refused"


class PoolFull(ExecutorError):
    """A pool has no room for the nodes that Ray wants."""

    code = "pool_full"


class BadGraph(ExecutorError):
    """The definition is not a graph that can be walked."""

    code = "bad_graph"
    kind = "user"
