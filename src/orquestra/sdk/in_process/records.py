"""What is known of a run of this process: its tasks, its values, its logs."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from orquestra.sdk.in_process.capture import TaskOutput
from orquestra.sdk.schema import api, ir, workflow_run
from orquestra.sdk.schema.workflow_run import RunStatus, State
from orquestra.sdk.values import SerializedValue


@dataclass(kw_only=True)
class TaskRecord:
    """One invocation of a run: how far it is, and what it has written."""

    id: workflow_run.TaskRunId
    state: State = State.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str | None = None
    output: TaskOutput = field(default_factory=TaskOutput)


class RunRecord:
    """One run. The thread that executes it writes, any thread may read."""

    def __init__(self, run_id: str, definition: ir.WorkflowDef, *, dry_run: bool) -> None:
        self.run_id = workflow_run.WorkflowRunId(run_id)
        self.definition = definition
        self.dry_run = dry_run
        self.state = State.RUNNING
        self.message: str | None = None
        self.started_at = datetime.now(UTC)
        self.ended_at: datetime | None = None
        self.tasks = {
            invocation_id: TaskRecord(id=workflow_run.TaskRunId(f"{run_id}-{invocation_id}"))
            for invocation_id in definition.task_invocations
        }
        self.values: dict[ir.ArtifactNodeId, SerializedValue] = {}
        """What artifacts are, as far as tasks have made them and others, or the user, need them."""
        self.outputs: tuple[SerializedValue, ...] = ()
        self._is_to_stop = False
        self._elements = 0
        self._completed = 0
        self._changed = threading.Condition()

    def begin(self, invocation_id: ir.TaskInvocationId) -> TaskRecord:
        """A task begins."""
        task = self.tasks[invocation_id]
        with self._changed:
            task.state, task.started_at = State.RUNNING, datetime.now(UTC)
            self._changed.notify_all()
        return task

    def open_map(self, length: int) -> None:
        """A map has so many elements; each counts as a task."""
        with self._changed:
            self._elements += length
            self._changed.notify_all()

    def complete_element(self) -> None:
        """An element of a map has succeeded."""
        with self._changed:
            self._completed += 1
            self._changed.notify_all()

    def complete(
        self, task: TaskRecord, values: Mapping[ir.ArtifactNodeId, SerializedValue]
    ) -> None:
        """A task has succeeded; these are its values."""
        self.values.update(values)
        with self._changed:
            task.state, task.ended_at = State.SUCCEEDED, datetime.now(UTC)
            self._completed += 1
            self._changed.notify_all()

    def fail(self, task: TaskRecord, message: str) -> None:
        """A task has failed for good."""
        task.state, task.ended_at, task.message = State.FAILED, datetime.now(UTC), message

    def finish(self, state: State, message: str | None = None) -> None:
        """The run is over, and so is a task that was running."""
        with self._changed:
            self.state, self.message, self.ended_at = state, message, datetime.now(UTC)
            for task in self.tasks.values():
                if task.state is State.RUNNING:
                    task.state, task.ended_at = state, self.ended_at
            self._changed.notify_all()

    def ask_to_stop(self) -> None:
        """Somebody wants the run to end."""
        with self._changed:
            self._is_to_stop = True
            self._changed.notify_all()

    def is_to_stop(self, *, within: timedelta = timedelta()) -> bool:
        """Whether somebody wants the run to end; waits so long for that."""
        with self._changed:
            seconds = min(within.total_seconds(), threading.TIMEOUT_MAX)
            return self._changed.wait_for(lambda: self._is_to_stop, timeout=seconds)

    def progress(self) -> api.RunProgress:
        """How far it is."""
        return api.RunProgress(
            state=self.state,
            message=self.message,
            total_tasks=len(self.tasks) + self._elements,
            completed_tasks=self._completed,
        )

    def changes(self) -> Iterator[api.RunProgress]:
        """How far it is, now and after each change, until it is over."""
        told = self.progress()
        yield told
        while not told.state.is_completed():
            with self._changed:
                self._changed.wait_for(lambda told=told: self.progress() != told)  # type: ignore[misc]
                told = self.progress()
            yield told

    def snapshot(self) -> workflow_run.WorkflowRun:
        """All of it but values and logs."""
        return workflow_run.WorkflowRun(
            id=self.run_id,
            workflow_def=self.definition,
            task_runs=[
                workflow_run.TaskRun(
                    id=task.id, invocation_id=key, status=_status(task), message=task.message
                )
                for key, task in self.tasks.items()
            ],
            status=_status(self),
            message=self.message,
        )

    def summary(self) -> workflow_run.WorkflowRunSummary:
        """One line about it."""
        progress = self.progress()
        return workflow_run.WorkflowRunSummary(
            id=self.run_id,
            status=_status(self),
            owner=None,
            total_task_runs=progress.total_tasks,
            completed_task_runs=progress.completed_tasks,
            dry_run=self.dry_run,
        )

    def size(self) -> int:
        """About how many bytes its values and logs take."""
        values = {id(value.data): len(value.data) for value in self.values.values()}
        logs = sum(task.output.size() for task in self.tasks.values())
        return sum(values.values()) + logs


def _status(record: RunRecord | TaskRecord) -> RunStatus:
    return RunStatus(state=record.state, start_time=record.started_at, end_time=record.ended_at)
