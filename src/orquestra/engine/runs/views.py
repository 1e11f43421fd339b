"""Runs and tasks as the HTTP API shows them."""

from collections.abc import Iterable

from orquestra.engine.database.tables import Run
from orquestra.engine.runs.tasks import Task
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State


def task_run_id(run_id: str, invocation_id: str) -> str:
    """The id of a task run; clients take the part after the last `@` as the invocation's id."""
    return f"{run_id}@{invocation_id}"


def task_run(row: Run, task: Task) -> api.TaskRun:
    """One task of a run."""
    return api.TaskRun(
        id=task_run_id(row.id, task.invocation_id),
        invocation_id=task.invocation_id,
        status=_status(task),
    )


def run(row: Run, tasks: Iterable[Task], *, reason: str | None = None) -> api.Run:
    """A run with these of its tasks; `reason` is why it has not begun."""
    return api.Run(
        id=row.id,
        definition_id=row.definition_id,
        owner=row.owner,
        status=_status(row, reason=reason),
        task_runs=[task_run(row, task) for task in tasks],
        warnings=row.warnings,
        total_tasks=row.total_tasks,
        completed_tasks=row.completed_tasks,
    )


def summary(row: Run) -> api.RunSummary:
    """A run as an item of a list."""
    return api.RunSummary(
        id=row.id,
        definition_id=row.definition_id,
        status=_status(row),
        create_time=row.created_at,
        owner=row.owner,
        total_tasks=row.total_tasks,
        completed_tasks=row.completed_tasks,
        dry_run=row.dry_run,
    )


def progress(row: Run, *, reason: str | None = None) -> api.RunProgress:
    """How far a run is; `reason` is why it has not begun."""
    return api.RunProgress(
        state=row.state,
        message=row.message or reason,
        warnings=row.warnings,
        total_tasks=row.total_tasks,
        completed_tasks=row.completed_tasks,
        result_id=row.result_id if row.state is State.SUCCEEDED else None,
    )


def _status(row: Run | Task, *, reason: str | None = None) -> api.Status:
    return api.Status(
        state=row.state,
        start_time=row.started_at,
        end_time=row.ended_at,
        message=row.message or reason,
    )
