"""The in-process runtime, as `WorkflowRun` and the lists use it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.exceptions import (
    TaskRunLogsNotFound,
    UnsupportedRuntimeFeature,
)
from orquestra.sdk.in_process.execution import execute
from orquestra.sdk.in_process.history import History
from orquestra.sdk.in_process.records import RunRecord
from orquestra.sdk.in_process.result_cache import ResultCache
from orquestra.sdk.logs import LogOutput, WorkflowLogs
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.schema import api, ir, responses, workflow_run
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.values import to_wire

_history = History()
_cache = ResultCache()


class InProcess:
    """Runs definitions at once. All objects of this class know all runs of the process."""

    def __init__(self, *, history: History = _history, cache: ResultCache = _cache) -> None:
        self._history = history
        self._cache = cache
        self._held: dict[str, RunRecord] = {}
        """Runs that were asked for through this object; they are not forgotten before it is."""

    def start(
        self, definition: ir.WorkflowDef, *, project: ProjectRef | None, dry_run: bool
    ) -> str:
        """Execute a definition; the id of its run, which is over.

        Raises whatever a task raises, and `UserTaskFailedError` where a result cannot be used.
        """
        _warn(definition, project=project)
        record = self._history.begin(definition, dry_run=dry_run)
        try:
            error = execute(record, cache=self._cache)
        finally:
            self._history.end(record)
        if error is not None:
            try:
                raise error
            finally:
                del error  # else its traceback would keep this frame, and all values in it
        self._held[record.run_id] = record
        return record.run_id

    def status(self, run_id: str) -> workflow_run.WorkflowRun:
        """A complete snapshot of a run."""
        return self._record(run_id).snapshot()

    def progress(self, run_id: str) -> api.RunProgress:
        """How far a run is."""
        return self._record(run_id).progress()

    def events(self, run_id: str) -> Iterator[api.RunProgress]:
        """How far a run is: once, unless another thread executes it."""
        return self._record(run_id).changes()

    def summaries(
        self,
        *,
        limit: int | None,
        max_age: timedelta | None,
        states: Sequence[State],
        workspace_id: str | None,  # noqa: ARG002 - there are no workspaces here
    ) -> list[workflow_run.WorkflowRunSummary]:
        """The most recent runs, the newest first, at most `limit` of them."""
        earliest = None if max_age is None else datetime.now(UTC) - max_age
        found = [
            record.summary()
            for record in self._history.newest_first()
            if (not states or record.state in states)
            and (earliest is None or record.started_at >= earliest)
        ]
        return found[:limit]

    def results(
        self,
        run_id: str,
        *,
        result_id: str | None = None,  # noqa: ARG002 - the run itself has them
    ) -> tuple[responses.WorkflowResult, ...]:
        """The outputs of a run that has succeeded."""
        return tuple(map(to_wire, self._record(run_id).outputs))

    def artifacts(
        self, run_id: str, *, of: Collection[ir.TaskInvocationId] | None = None
    ) -> dict[ir.TaskInvocationId, responses.WorkflowResult]:
        """What tasks have returned so far, of all invocations or of some; others are left out."""
        record = self._record(run_id)
        definition = record.definition
        return {
            invocation.id: to_wire(record.values[artifact_id])
            for invocation in definition.task_invocations.values()
            if of is None or invocation.id in of
            for artifact_id in invocation.output_ids
            if definition.artifact_nodes[artifact_id].artifact_index is None
            and artifact_id in record.values
        }

    def workflow_logs(
        self, run_id: str, *, kinds: Collection[WorkflowLogs.WorkflowLogTypeName]
    ) -> WorkflowLogs:
        """What the tasks that have begun have written; nothing is installed, no machine starts."""
        of_tasks = WorkflowLogs.WorkflowLogTypeName.PER_TASK in kinds
        tasks = self._record(run_id).tasks if of_tasks else {}
        return WorkflowLogs(
            per_task={
                key: task.output.lines()
                for key, task in tasks.items()
                if task.state is not State.WAITING
            },
            env_setup=LogOutput(),
            system=LogOutput(),
            other=LogOutput(),
        )

    def task_logs(self, run_id: str, *, invocation_id: str) -> LogOutput:
        """What one task has written so far.

        Raises:
            TaskRunLogsNotFound: it has not begun, or there is no such task.
        """
        task = self._record(run_id).tasks.get(ir.TaskInvocationId(invocation_id))
        if task is None or task.state is State.WAITING:
            raise TaskRunLogsNotFound(run_id, invocation_id)
        return task.output.lines()

    def stop(self, run_id: str, *, force: bool | None) -> None:  # noqa: ARG002 - no containers
        """Let a run that another thread executes end before its next task, or its next try."""
        self._record(run_id).ask_to_stop()

    def _record(self, run_id: str) -> RunRecord:
        record = self._held[run_id] = self._held.get(run_id) or self._history.find(run_id)
        return record


def _warn(definition: ir.WorkflowDef, *, project: ProjectRef | None) -> None:
    if project is not None:
        warn_user(
            "The in-process runtime knows no workspaces and projects, so the run belongs to none.",
            UnsupportedRuntimeFeature,
        )
    limited = [
        task.fn_ref.function_name
        for task in definition.tasks.values()
        if task.timeout_seconds is not None
    ]
    if limited:
        warn_user(
            f"The in-process runtime cannot end a task, so timeout= of {', '.join(limited)} has no "
            'effect. Run the workflow on the local runtime, "local", to have it.',
            UnsupportedRuntimeFeature,
        )
