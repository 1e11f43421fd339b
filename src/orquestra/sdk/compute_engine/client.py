"""The HTTP API of a Compute Engine, one method for each call.

How requests get there is `connection`; how calls belong together is `runtime`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pydantic

from orquestra.sdk.compute_engine.connection import Connection, ErrorMaker, read_answer
from orquestra.sdk.compute_engine.event_streams import read_events
from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.exceptions import (
    NotFoundError,
    ProjectInvalidError,
    TaskRunLogsNotFound,
    WorkflowRunNotFoundError,
    WorkflowRunNotStarted,
    WorkflowSyntaxError,
)
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.runtime import LiveEvent
from orquestra.sdk.schema import api, ir, paths, responses

MAX_PAGE_SIZE = 100

_STORED_RESULT: pydantic.TypeAdapter[
    responses.ComputeEngineWorkflowResult | responses.WorkflowResult
] = pydantic.TypeAdapter(responses.ComputeEngineWorkflowResult | responses.WorkflowResult)
_ARTIFACT: pydantic.TypeAdapter[responses.WorkflowResult] = pydantic.TypeAdapter(
    responses.WorkflowResult
)


class ComputeEngineClient:
    """Calls one Compute Engine with one login.

    Every call raises what `Connection` does. `transport` is for tests.
    """

    def __init__(
        self, config: RuntimeConfig, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._connection = Connection(config, transport=transport)

    def create_definition(
        self, definition: ir.WorkflowDef, *, project: ProjectRef | None = None
    ) -> str:
        """Store a definition; its id.

        Raises:
            WorkflowSyntaxError: the engine refused the definition.
            ProjectInvalidError: this login may not use the project.
        """
        response = self._connection.send(
            "POST",
            "/api/workflow-definitions",
            params=_project_params(project),
            json=definition.model_dump_json(),
            errors={400: WorkflowSyntaxError, **_project_errors(project)},
        )
        return read_answer(api.Envelope[api.Id], response).data.id

    def get_definition(self, definition_id: str) -> api.Definition:
        """A stored definition.

        Raises:
            NotFoundError: there is none of that id.
        """
        response = self._connection.send(
            "GET",
            _path("/api/workflow-definitions", definition_id),
            errors={400: NotFoundError, 404: NotFoundError},
        )
        return read_answer(api.Envelope[api.Definition], response).data

    def create_run(self, request: api.CreateRun, *, project: ProjectRef | None = None) -> str:
        """Start a run of a stored definition; its id.

        Raises:
            WorkflowRunNotStarted: the engine refused to run it.
            ProjectInvalidError: this login may not use the project.
        """
        response = self._connection.send(
            "POST",
            "/api/workflow-runs",
            json=request.model_dump_json(by_alias=True),
            errors={400: WorkflowRunNotStarted, **_project_errors(project)},
        )
        return read_answer(api.Envelope[api.Id], response).data.id

    def get_run(self, run_id: str, *, tasks: bool = True) -> api.Run:
        """A run with its tasks, or, of engines that know better, with their numbers only.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        response = self._connection.send(
            "GET",
            _run_path(run_id),
            params={"tasks": None if tasks else "false"},
            errors=_RUN_NOT_FOUND,
        )
        return read_answer(api.Envelope[api.Run], response).data

    def list_runs(
        self,
        *,
        page_size: int = MAX_PAGE_SIZE,
        page_token: str | None = None,
        workspace_id: str | None = None,
        max_age: timedelta | None = None,
        states: tuple[str, ...] = (),
    ) -> api.Envelope[list[api.RunSummary]]:
        """One page of the list of runs, the most recent first."""
        params = {
            "pageSize": page_size,
            "pageToken": page_token,
            "workspaceId": workspace_id,
            "maxAge": None if max_age is None else int(max_age.total_seconds()),
            "state": ",".join(states) or None,
        }
        response = self._connection.send("GET", "/api/workflow-runs", params=params)
        return read_answer(api.Envelope[list[api.RunSummary]], response)

    def terminate_run(self, run_id: str, *, force: bool | None = None) -> None:
        """Ask the engine to stop a run.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        self._connection.send(
            "POST",
            _run_path(run_id, "/terminate"),
            params={"force": None if force is None else str(force)},
            errors=_RUN_NOT_FOUND,
        )

    def list_nodes(self, run_id: str) -> list[api.Pool]:
        """The pools of a run with their nodes.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
        """
        response = self._connection.send("GET", _run_path(run_id, "/nodes"), errors=_RUN_NOT_FOUND)
        return read_answer(api.Envelope[list[api.Pool]], response).data

    def get_timing(self, run_id: str) -> api.RunTiming:
        """Where the time of a run went.

        Raises:
            NotFoundError: there is no run of that id, or the engine keeps no times.
        """
        response = self._connection.send(
            "GET",
            "/api/workflow-run-timing",
            params={"workflowRunId": run_id},
            errors=_NOTHING_THERE,
        )
        return read_answer(api.Envelope[api.RunTiming], response).data

    def progress(self, run_id: str) -> Iterator[api.RunProgress]:
        """How far a run is: now, after each change, and every few seconds the same again.

        Ends when nothing of the run executes any more, or when the engine goes away.

        Raises:
            NotFoundError: there is no run of that id, or the engine has no such stream, or none
                more for this user.
        """
        latest: api.RunProgress | None = None
        params = {"workflowRunId": run_id}
        for event in self._events(
            "/api/workflow-run-events", params, bodies=_PROGRESS, errors=_NO_PROGRESS
        ):
            if isinstance(event.body, api.RunProgress):
                latest = event.body
            if latest is not None:
                yield latest

    def run_events(self, run_id: str, *, after: str | None) -> Iterator[LiveEvent]:
        """How far a run is, its tasks and its nodes, each after every change.

        Ends when nothing of the run executes any more, which its last event says, or when the
        engine goes away.

        Raises:
            NotFoundError: there is no run of that id, or the engine has no such stream.
        """
        params = {"workflowRunId": run_id, "tasks": "true", "lastEventId": after or ""}
        return self._events("/api/workflow-run-events", params, bodies=_RUN_EVENTS)

    def log_events(
        self, run_id: str, *, kinds: Sequence[str], invocation_id: str | None, after: str | None
    ) -> Iterator[LiveEvent]:
        """The lines of a run, then how it ended.

        Ends after that, or when the engine goes away.

        Raises:
            NotFoundError: there is no run of that id, or the engine has no such stream.
        """
        params = {
            "workflowRunId": run_id,
            "kind": list(kinds),
            "lastEventId": after or "",
            **({} if invocation_id is None else {"taskInvocationId": invocation_id}),
        }
        return self._events("/api/workflow-run-log-events", params, bodies=_LOG_EVENTS)

    def list_artifacts(self, run_id: str) -> dict[str, list[str]]:
        """Ids of the stored artifacts by task run; a list has one id or, before, none.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
        """
        response = self._connection.send(
            "GET", "/api/artifacts", params={"workflowRunId": run_id}, errors=_RUN_NOT_FOUND
        )
        return read_answer(api.Envelope[dict[str, list[str]]], response).data

    def get_artifact(self, artifact_id: str) -> responses.WorkflowResult:
        """One stored artifact.

        Raises:
            NotFoundError: there is none of that id.
        """
        response = self._connection.send(
            "GET",
            _path("/api/artifacts", artifact_id),
            errors={400: NotFoundError, 404: NotFoundError},
        )
        return read_answer(_ARTIFACT, response)

    def list_results(self, run_id: str) -> list[str]:
        """The id of a run's results, or an empty list before they are stored.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
        """
        response = self._connection.send(
            "GET", "/api/run-results", params={"workflowRunId": run_id}, errors=_RUN_NOT_FOUND
        )
        return read_answer(api.Envelope[list[str]], response).data

    def get_result(
        self, result_id: str
    ) -> responses.ComputeEngineWorkflowResult | responses.WorkflowResult:
        """The results of a run; old engines store all of them as one value.

        Raises:
            NotFoundError: there are none of that id.
        """
        response = self._connection.send(
            "GET",
            _path("/api/run-results", result_id),
            errors={400: NotFoundError, 404: NotFoundError},
        )
        return read_answer(_STORED_RESULT, response)

    def get_workflow_logs(self, run_id: str) -> bytes:
        """The archive of what a run's cluster wrote.

        Raises:
            NotFoundError: there are no such logs (yet).
        """
        return self._logs("/api/workflow-run-logs", params={"workflowRunId": run_id})

    def get_system_logs(self, run_id: str) -> bytes:
        """The archive of what happened to a run's machines.

        Raises:
            NotFoundError: there are no such logs (yet).
        """
        return self._logs("/api/workflow-run-logs/system", params={"workflowRunId": run_id})

    def get_logs_of_tasks(self, run_id: str) -> bytes:
        """The archive of what all tasks of a run wrote.

        Raises:
            NotFoundError: there is no such run, or the engine is too old to tell all at once.
        """
        return self._logs("/api/workflow-run-logs/tasks", params={"workflowRunId": run_id})

    def get_task_logs(self, run_id: str, *, invocation_id: str) -> bytes:
        """The archive of what one task wrote.

        Raises:
            TaskRunLogsNotFound: there are no such logs (yet).
        """
        try:
            return self._logs(
                "/api/task-run-logs",
                params={"workflowRunId": run_id, "taskInvocationId": invocation_id},
            )
        except NotFoundError as error:
            raise TaskRunLogsNotFound(run_id, invocation_id) from error

    def _events(
        self,
        path: str,
        params: Mapping[str, Any],
        *,
        bodies: Mapping[str, type[api.Body]],
        errors: Mapping[int, ErrorMaker] | None = None,
    ) -> Iterator[LiveEvent]:
        errors = errors or _NOTHING_THERE
        with self._connection.stream(path, params=params, errors=errors) as response:
            yield LiveEvent("", None, is_opening=True)
            for event in read_events(response.iter_bytes()):
                body = bodies.get(event.kind)  # a later release may tell more
                content = event.data.encode()
                told = None if body is None else read_answer(body, response, content=content)
                yield LiveEvent(event.id, told, is_last=event.kind == _LAST)

    def _logs(self, path: str, *, params: Mapping[str, str]) -> bytes:
        response = self._connection.send(
            "GET", path, params=params, errors={400: NotFoundError, 404: NotFoundError}
        )
        return response.content


_LAST = "end"
_PROGRESS: Mapping[str, type[api.Body]] = dict.fromkeys(("progress", "message"), api.RunProgress)
_RUN_EVENTS: Mapping[str, type[api.Body]] = {
    "progress": api.RunProgress,
    "tasks": api.TaskChanges,
    "nodes": api.PoolList,
    _LAST: api.RunProgress,
}
_LOG_EVENTS: Mapping[str, type[api.Body]] = {"line": api.RunLogLine, _LAST: api.RunProgress}

_RUN_NOT_FOUND: Mapping[int, ErrorMaker] = dict.fromkeys((400, 404), WorkflowRunNotFoundError)
_NOTHING_THERE: Mapping[int, ErrorMaker] = dict.fromkeys((400, 404, 405), NotFoundError)
_NO_PROGRESS: Mapping[int, ErrorMaker] = {**_NOTHING_THERE, 429: NotFoundError}


def _project_params(project: ProjectRef | None) -> dict[str, str]:
    if project is None:
        return {}
    return {"workspaceId": project.workspace_id, "projectId": project.project_id}


def _project_errors(project: ProjectRef | None) -> dict[int, ErrorMaker]:
    if project is None:
        return {}
    return {
        403: lambda reason: ProjectInvalidError(
            f"This login may not run workflows in project {project.project_id!r} of workspace "
            f"{project.workspace_id!r}: {reason}"
        )
    }


def _run_path(run_id: str, below: str = "") -> str:
    return _path("/api/workflow-runs", run_id, missing=WorkflowRunNotFoundError) + below


def _path(collection: str, identifier: str, *, missing: type[NotFoundError] = NotFoundError) -> str:
    """The path of a thing; an id that would lead elsewhere is nobody's."""
    if not paths.is_plain(identifier):
        raise missing(f"Nothing can have the id {identifier!r}.")
    return f"{collection}/{quote(identifier, safe='')}"
