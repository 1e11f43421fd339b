"""What the program is doing right now: building a workflow, executing a task, or neither.

Whoever runs a workflow function or a task says so by `building` or `running_task`; it holds for
the code inside, whatever that calls. A thread that a task starts does not inherit it in Python,
so a thread that knows nothing of its own counts as part of the task that the process executes,
as long as that is one. A worker executes one at a time. In a program that executes tasks in
several threads of its own, hand the ids to threads within a task instead.

Importing this must stay cheap: building a workflow needs it.
"""

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from orquestra.sdk.configuration.platform_login import (
    PROJECT_VARIABLE,
    WORKSPACE_VARIABLE,
    cluster_host,
)
from orquestra.sdk.exceptions import WorkflowRunIDNotFoundError

_PLAIN_PYTHON = "in_process"


class CurrentRunIDs(NamedTuple):
    """What is running: the run, and in it the task invocation with its task run."""

    workflow_run_id: str
    task_invocation_id: str | None
    task_run_id: str | None


class CurrentExecutionCtx(NamedTuple):
    """Where it is running: the name of a configuration, and what the run belongs to."""

    config_name: str
    workspace_id: str | None
    project_id: str | None


class ContextKind(Enum):
    """What a program can be doing for a workflow."""

    WORKFLOW_BUILD = "WORKFLOW_BUILD"
    TASK = "TASK"


@dataclass(frozen=True, kw_only=True)
class ExecutionContext:
    """What the program is doing; a task has ids, and the name of the configuration it runs on."""

    kind: ContextKind
    ids: CurrentRunIDs | None = None
    config_name: str | None = None


_context: ContextVar[ExecutionContext | None] = ContextVar("execution_context", default=None)
_running: list[ExecutionContext] = []
"""The tasks that this process executes, for threads that know nothing of their own.

Workflow functions are not among them: while one thread of a program builds a workflow, another
that reads a secret must get its value.
"""


@contextlib.contextmanager
def building() -> Iterator[None]:
    """Say that a workflow function runs, to find out what its workflow is made of."""
    token = _context.set(ExecutionContext(kind=ContextKind.WORKFLOW_BUILD))
    try:
        yield
    finally:
        _context.reset(token)


def running_task(ids: CurrentRunIDs, config_name: str) -> contextlib.AbstractContextManager[None]:
    """Say that a task runs; `config_name` names what it runs on, "ray" for the local runtime."""
    return _RunningTask(ExecutionContext(kind=ContextKind.TASK, ids=ids, config_name=config_name))


def current_context() -> ExecutionContext | None:
    """What the program is doing; None for nothing that this module knows of."""
    context = _context.get()
    if context is not None:
        return context
    running = _running.copy()  # another thread may change the list at any moment
    return running[0] if len(running) == 1 else None


def is_building() -> bool:
    """Whether a workflow function runs."""
    context = current_context()
    return context is not None and context.kind is ContextKind.WORKFLOW_BUILD


def current_run_ids() -> CurrentRunIDs:
    """The ids of what is running, for code of a task.

    Raises:
        NotImplementedError: a workflow function runs, so there is no run yet.
        WorkflowRunIDNotFoundError: no task runs.
    """
    context = current_context()
    if context is not None and context.ids is not None:
        return context.ids
    if context is not None:
        raise NotImplementedError(_NO_RUN_YET.format("current_run_ids"))
    raise WorkflowRunIDNotFoundError(
        "No task is running here, so there is no run whose ids could be told. Call "
        "sdk.current_run_ids() inside a task."
    )


def current_exec_ctx() -> CurrentExecutionCtx:
    """The configuration, workspace and project that the program runs on.

    Inside of a platform its environment variables say it. Elsewhere it is the runtime of the
    current task, and "in_process" for plain Python.

    Raises:
        NotImplementedError: a workflow function runs, so it is not known yet where its tasks will.
    """
    if host := cluster_host():
        return CurrentExecutionCtx(
            config_name=host.partition(".")[0],
            workspace_id=os.environ.get(WORKSPACE_VARIABLE),
            project_id=os.environ.get(PROJECT_VARIABLE),
        )
    context = current_context()
    if context is not None and context.kind is ContextKind.WORKFLOW_BUILD:
        raise NotImplementedError(_NO_RUN_YET.format("current_exec_ctx"))
    name = context.config_name if context is not None else None
    return CurrentExecutionCtx(
        config_name=name or _PLAIN_PYTHON, workspace_id=None, project_id=None
    )


_NO_RUN_YET = (
    "The workflow function runs to find out what its workflow is made of: there is no run yet, and "
    "it is not known where there will be one. Call sdk.{}() inside a task."
)


class _RunningTask:
    """Written out: made of a generator it costs 2 µs more, a quarter of what a small call takes."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: ExecutionContext) -> None:
        self._context = context

    def __enter__(self) -> None:
        _running.append(self._context)
        self._token = _context.set(self._context)

    def __exit__(self, *_error: object) -> None:
        try:
            _context.reset(self._token)
        finally:
            _leave(self._context)


def _leave(context: ExecutionContext) -> None:
    for index, running in enumerate(_running):
        if running is context:  # equal ones may run: two threads with the same ids
            del _running[index]
            return
