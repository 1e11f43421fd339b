"""Running workflows on a Compute Engine: what its HTTP calls mean together."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from orquestra.sdk.compute_engine.client import MAX_PAGE_SIZE, ComputeEngineClient
from orquestra.sdk.exceptions import (
    NotFoundError,
    TaskRunLogsNotFound,
    WorkflowResultsNotReadyError,
)
from orquestra.sdk.logs import (
    LogOutput,
    WorkflowLogs,
    read_logs_of_tasks,
    read_system_logs,
    read_task_logs,
    read_workflow_logs,
)
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.runtime import LiveEvent
from orquestra.sdk.schema import api, ir, responses, workflow_run
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.tracing.run_sizes import head_node_resources, node_resources
from orquestra.sdk.values import deserialize, from_wire, serialize, to_wire

RESULT_ATTEMPTS = 5
RESULT_PAUSE = timedelta(milliseconds=200)
"""A run may be SUCCEEDED a moment before its results can be read."""

_Kind = WorkflowLogs.WorkflowLogTypeName


class ComputeEngine:
    """Starts, observes and stops runs on one Compute Engine."""

    def __init__(self, client: ComputeEngineClient) -> None:
        self._client = client
        self._definitions: dict[str, ir.WorkflowDef] = {}
        self._artifact_ids: dict[str, dict[ir.TaskInvocationId, str]] = {}

    def start(
        self, definition: ir.WorkflowDef, *, project: ProjectRef | None, dry_run: bool
    ) -> str:
        """Store a definition and start a run of it; the id of the run.

        Raises:
            WorkflowSyntaxError: a task fits in no node, or the engine refused the definition.
            WorkflowRunNotStarted: the engine refused to run it.
            ProjectInvalidError: this login may not use the project.
        """
        resources = node_resources(definition)
        head_resources = head_node_resources(definition)
        definition_id = self._client.create_definition(definition, project=project)
        self._definitions[definition_id] = definition
        request = api.CreateRun(
            workflow_definition_id=definition_id,
            resources=resources,
            dry_run=dry_run,
            head_node_resources=head_resources,
            working_directory=_working_directory(),
        )
        return self._client.create_run(request, project=project)

    def status(self, run_id: str) -> workflow_run.WorkflowRun:
        """A complete snapshot of a run.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        run = self._client.get_run(run_id)
        return workflow_run.WorkflowRun(
            id=workflow_run.WorkflowRunId(run.id),
            workflow_def=self._definition(run.definition_id),
            task_runs=[_task_run(task) for task in run.task_runs],
            status=_run_status(run.status),
            message=run.status.message,
            warnings=tuple(run.warnings),
        )

    def progress(self, run_id: str) -> api.RunProgress:
        """How far a run is, in one request.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        run = self._client.get_run(run_id, tasks=False)
        total, completed = run.total_tasks, run.completed_tasks
        if total is None or completed is None:  # an engine of release 1.1, which gives all tasks
            total = len(run.task_runs)
            completed = sum(_state(task) is State.SUCCEEDED for task in run.task_runs)
        return api.RunProgress(
            state=run.status.state,
            message=run.status.message,
            total_tasks=total,
            completed_tasks=completed,
            warnings=run.warnings,
        )

    def events(self, run_id: str) -> Iterator[api.RunProgress]:
        """How far a run is, now and after each change; ends when its results can be read.

        Raises:
            NotFoundError: there is none of that id, or the engine is too old to tell.
        """
        return self._client.progress(run_id)

    def run_events(self, run_id: str, *, after: str | None) -> Iterator[LiveEvent]:
        """How far a run is, its tasks and its nodes, each now and after changes.

        Raises:
            NotFoundError: there is none of that id, or the engine is too old to tell.
        """
        return self._client.run_events(run_id, after=after)

    def log_events(
        self, run_id: str, *, kinds: Sequence[str], invocation_id: str | None, after: str | None
    ) -> Iterator[LiveEvent]:
        """The lines of a run, at last how it ended.

        Raises:
            NotFoundError: there is none of that id, or the engine is too old to tell.
        """
        return self._client.log_events(
            run_id, kinds=kinds, invocation_id=invocation_id, after=after
        )

    def summaries(
        self,
        *,
        limit: int | None,
        max_age: timedelta | None,
        states: Sequence[State],
        workspace_id: str | None,
    ) -> list[workflow_run.WorkflowRunSummary]:
        """The most recent runs, at most `limit` of them."""
        found: list[api.RunSummary] = []
        page_token: str | None = None
        while limit is None or len(found) < limit:
            wanted = MAX_PAGE_SIZE if limit is None else min(MAX_PAGE_SIZE, limit - len(found))
            page = self._client.list_runs(
                page_size=wanted,
                page_token=page_token,
                workspace_id=workspace_id,
                max_age=max_age,
                states=tuple(state.value for state in states),
            )
            found.extend(page.data)
            page_token = page.meta.next_page_token if page.meta else None
            if not page_token or not page.data:
                break
        return [_summary(run) for run in found[:limit]]

    def results(
        self, run_id: str, *, result_id: str | None = None
    ) -> tuple[responses.WorkflowResult, ...]:
        """The outputs of a run that has succeeded; their id is asked for where it is not known.

        Raises:
            WorkflowResultsNotReadyError: they are not stored yet, even after some patience.
        """
        if result_id:
            return _split(self._client.get_result(result_id))
        for attempt in range(RESULT_ATTEMPTS):
            if attempt:
                time.sleep(RESULT_PAUSE.total_seconds())
            result_ids = self._client.list_results(run_id)
            if result_ids:
                return _split(self._client.get_result(result_ids[0]))
        raise WorkflowResultsNotReadyError(
            f"Run {run_id} has succeeded, but its results are not stored yet. "
            "Try again in a moment."
        )

    def artifacts(
        self, run_id: str, *, of: Collection[ir.TaskInvocationId] | None = None
    ) -> dict[ir.TaskInvocationId, responses.WorkflowResult]:
        """What tasks have returned so far, of all invocations or of some; others are left out."""
        # What a task has returned keeps its id: the list is needed once for all that is in it.
        known = self._artifact_ids.get(run_id, {})
        if of is not None and all(invocation_id in known for invocation_id in of):
            found = self._read_artifacts({key: known[key] for key in of})
            if len(found) == len(of):
                return found
        listed = self._artifact_ids[run_id] = self._list_artifacts(run_id)
        wanted = listed if of is None else {key: listed[key] for key in of if key in listed}
        return self._read_artifacts(wanted)

    def _read_artifacts(
        self, ids: Mapping[ir.TaskInvocationId, str]
    ) -> dict[ir.TaskInvocationId, responses.WorkflowResult]:
        found: dict[ir.TaskInvocationId, responses.WorkflowResult] = {}
        for invocation_id, artifact_id in ids.items():
            with suppress(NotFoundError):  # listed before: as good as not there yet
                found[invocation_id] = self._client.get_artifact(artifact_id)
        return found

    def workflow_logs(
        self, run_id: str, *, kinds: Collection[WorkflowLogs.WorkflowLogTypeName]
    ) -> WorkflowLogs:
        """The logs of a run so far; only those of these kinds are fetched.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
            InvalidWorkflowRunLogsError: the engine sent something else.
        """
        self._client.get_run(run_id, tasks=False)  # that there is such a run
        env_setup, other = LogOutput(), LogOutput()
        if _Kind.ENV_SETUP in kinds or _Kind.OTHER in kinds:  # they come together
            env_setup, other = self._cluster_logs(run_id)
        return WorkflowLogs(
            per_task=self._logs_of_tasks(run_id) if _Kind.PER_TASK in kinds else {},
            env_setup=env_setup if _Kind.ENV_SETUP in kinds else LogOutput(),
            system=self._system_logs(run_id) if _Kind.SYSTEM in kinds else LogOutput(),
            other=other if _Kind.OTHER in kinds else LogOutput(),
        )

    def task_logs(self, run_id: str, *, invocation_id: str) -> LogOutput:
        """What one task has written so far.

        Raises:
            TaskRunLogsNotFound: nothing yet.
            InvalidWorkflowRunLogsError: the engine sent something else.
        """
        return read_task_logs(self._client.get_task_logs(run_id, invocation_id=invocation_id))

    def stop(self, run_id: str, *, force: bool | None) -> None:
        """Ask for a run to stop; returns before it has.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        self._client.terminate_run(run_id, force=force)

    def project(self, run_id: str) -> ProjectRef:
        """Where a run belongs.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        run = self._client.get_run(run_id)
        definition = self._client.get_definition(run.definition_id)
        return ProjectRef(workspace_id=definition.workspace_id, project_id=definition.project)

    def pools(self, run_id: str) -> list[api.Pool]:
        """The pools of a run with their nodes, those that are gone included.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
        """
        return self._client.list_nodes(run_id)

    def timing(self, run_id: str) -> api.RunTiming:
        """Where the time of a run went.

        Raises:
            NotFoundError: there is no run of that id, or the engine keeps no times.
        """
        return self._client.get_timing(run_id)

    def _definition(self, definition_id: str) -> ir.WorkflowDef:
        # A stored definition never changes: one request for each at most, and none for our own.
        if definition_id not in self._definitions:
            self._definitions[definition_id] = self._client.get_definition(definition_id).workflow
        return self._definitions[definition_id]

    def _list_artifacts(self, run_id: str) -> dict[ir.TaskInvocationId, str]:
        return {
            ir.TaskInvocationId(task_run_id.rpartition("@")[2]): artifact_ids[0]
            for task_run_id, artifact_ids in self._client.list_artifacts(run_id).items()
            if artifact_ids
        }

    def _cluster_logs(self, run_id: str) -> tuple[LogOutput, LogOutput]:
        try:
            return read_workflow_logs(self._client.get_workflow_logs(run_id))
        except NotFoundError:
            return LogOutput(), LogOutput()

    def _system_logs(self, run_id: str) -> LogOutput:
        try:
            return read_system_logs(self._client.get_system_logs(run_id))
        except NotFoundError:
            return LogOutput()

    def _logs_of_tasks(self, run_id: str) -> dict[ir.TaskInvocationId, LogOutput]:
        try:
            archive = self._client.get_logs_of_tasks(run_id)
        except NotFoundError:  # an older engine
            return self._logs_of_each_task(run_id)
        return read_logs_of_tasks(archive, run_id=run_id)

    def _logs_of_each_task(self, run_id: str) -> dict[ir.TaskInvocationId, LogOutput]:
        found = {
            ir.TaskInvocationId(task.invocation_id): self._task_logs_or_none(
                run_id, task.invocation_id
            )
            for task in self._client.get_run(run_id).task_runs
            if _state(task) is not State.WAITING
        }
        return {name: output for name, output in found.items() if output is not None}

    def _task_logs_or_none(self, run_id: str, invocation_id: str) -> LogOutput | None:
        try:
            return self.task_logs(run_id, invocation_id=invocation_id)
        except TaskRunLogsNotFound:
            return None


def _working_directory() -> str | None:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # it has been removed
        return None


def _split(
    stored: responses.ComputeEngineWorkflowResult | responses.WorkflowResult,
) -> tuple[responses.WorkflowResult, ...]:
    if isinstance(stored, responses.ComputeEngineWorkflowResult):
        return stored.results
    # An engine from before release 0.47 stores all outputs as one tuple.
    return tuple(to_wire(serialize(value)) for value in deserialize(from_wire(stored)))


def _state(task: api.TaskRun) -> State:
    return task.status.state if task.status else State.WAITING


def _run_status(status: api.Status | None) -> workflow_run.RunStatus:
    if status is None:
        return workflow_run.RunStatus(state=State.WAITING, start_time=None, end_time=None)
    return workflow_run.RunStatus(
        state=status.state, start_time=status.start_time, end_time=status.end_time
    )


def _task_run(task: api.TaskRun) -> workflow_run.TaskRun:
    return workflow_run.TaskRun(
        id=workflow_run.TaskRunId(task.id),
        invocation_id=ir.TaskInvocationId(task.invocation_id),
        status=_run_status(task.status),
        message=task.status.message if task.status else None,
    )


def _summary(run: api.RunSummary) -> workflow_run.WorkflowRunSummary:
    return workflow_run.WorkflowRunSummary(
        id=workflow_run.WorkflowRunId(run.id),
        status=_run_status(run.status),
        owner=run.owner,
        total_task_runs=run.total_tasks,
        completed_task_runs=run.completed_tasks,
        dry_run=run.dry_run,
    )
