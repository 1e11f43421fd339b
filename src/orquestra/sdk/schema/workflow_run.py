"""States and views of workflow runs and task runs."""

import warnings
from datetime import datetime
from enum import Enum
from typing import NewType

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.documents import Document

WorkflowRunId = NewType("WorkflowRunId", str)
TaskRunId = NewType("TaskRunId", str)
WorkspaceId = NewType("WorkspaceId", str)
ProjectId = NewType("ProjectId", str)


UNKNOWN_STATE = "The state of the run is one that this release of the SDK does not know"


class State(Enum):
    """State of a workflow run or a task run; a word this release does not know is UNKNOWN."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    TERMINATED = "TERMINATED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    KILLED = "KILLED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "State":  # noqa: ARG003 - the name is the Enum's hook
        return cls.UNKNOWN

    def is_completed(self) -> bool:
        """Whether nothing more will happen. UNKNOWN warns and counts as not completed."""
        if self is State.UNKNOWN:
            warnings.warn(UNKNOWN_STATE, stacklevel=2)
        return self in _COMPLETED


_COMPLETED = frozenset({State.SUCCEEDED, State.TERMINATED, State.FAILED, State.ERROR, State.KILLED})


class RunStatus(Document):
    """A state with the times it began and ended (both zone-aware, or null)."""

    state: State
    start_time: datetime | None
    end_time: datetime | None


class TaskRun(Document):
    """One execution of a task invocation."""

    id: TaskRunId
    invocation_id: ir.TaskInvocationId
    status: RunStatus
    message: str | None = None


class WorkflowRunOnlyID(Document):
    """A run known by its id alone."""

    id: WorkflowRunId


class WorkflowRunMinimal(WorkflowRunOnlyID):
    """A run with its definition."""

    workflow_def: ir.WorkflowDef


class WorkflowRun(WorkflowRunMinimal):
    """A complete snapshot of a run. `warnings` is ours: what the engine noticed about it."""

    task_runs: list[TaskRun]
    status: RunStatus
    message: str | None = None
    warnings: tuple[str, ...] = ()


class WorkflowRunSummary(WorkflowRunOnlyID):
    """One line of a list of runs; completed are the task runs that have succeeded.

    Local runs have no `owner` (elsewhere an e-mail address), and do not know `dry_run`.
    """

    status: RunStatus
    owner: str | None
    total_task_runs: int
    completed_task_runs: int
    dry_run: bool | None

    @staticmethod
    def from_workflow_run(wf: WorkflowRun) -> "WorkflowRunSummary":
        """What a list says of a run."""
        states = [task_run.status.state for task_run in wf.task_runs]
        return WorkflowRunSummary(
            id=wf.id,
            status=wf.status,
            owner=None,
            total_task_runs=len(states),
            completed_task_runs=states.count(State.SUCCEEDED),
            dry_run=None,
        )
