"""The HTTP API of a Compute Engine, one method for each call.

Failures come out as the SDK's own errors, with the engine's words in the message. Nothing here
knows how calls belong together; that is `compute_engine`.
"""

import weakref
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import pydantic

from orquestra.sdk.config import RuntimeConfig
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    ExpiredTokenError,
    InvalidTokenError,
    NotFoundError,
    ProjectInvalidError,
    RemoteConnectionError,
    TaskRunLogsNotFound,
    UnauthorizedError,
    WorkflowRunNotFoundError,
    WorkflowRunNotStarted,
    WorkflowSyntaxError,
)
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.schema import api, ir, responses
from orquestra.sdk.tokens import check_token

CONNECT_TIMEOUT = timedelta(seconds=10)
ANSWER_TIMEOUT = timedelta(minutes=2)
MAX_PAGE_SIZE = 100

_LONGEST_QUOTE = 500

ModelT = TypeVar("ModelT")
ErrorMaker = Callable[[str], Exception]
"""Makes an error of the engine's words."""

_STORED_RESULT: pydantic.TypeAdapter[
    responses.ComputeEngineWorkflowResult | responses.WorkflowResult
] = pydantic.TypeAdapter(responses.ComputeEngineWorkflowResult | responses.WorkflowResult)
_ARTIFACT: pydantic.TypeAdapter[responses.WorkflowResult] = pydantic.TypeAdapter(
    responses.WorkflowResult
)


class ComputeEngineClient:
    """Calls one Compute Engine with one login.

    Every call may raise `UnauthorizedError`, `RemoteConnectionError`, and `BaseRuntimeError` for
    an answer that nobody expects. `transport` is for tests.
    """

    def __init__(
        self, config: RuntimeConfig, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.uri = config.uri
        self._token = config.token
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {config.token}", "Content-Type": "application/json"},
            timeout=httpx.Timeout(
                ANSWER_TIMEOUT.total_seconds(), connect=CONNECT_TIMEOUT.total_seconds()
            ),
            follow_redirects=True,
            transport=transport,
        )
        weakref.finalize(self, self._http.close)

    def create_definition(
        self, definition: ir.WorkflowDef, *, project: ProjectRef | None = None
    ) -> str:
        """Store a definition; its id.

        Raises:
            WorkflowSyntaxError: the engine refused the definition.
            ProjectInvalidError: this login may not use the project.
        """
        response = self._send(
            "POST",
            "/api/workflow-definitions",
            params=_project_params(project),
            json=definition.model_dump_json(),
            errors={400: WorkflowSyntaxError, **_project_errors(project)},
        )
        return self._read(api.Envelope[api.Id], response).data.id

    def get_definition(self, definition_id: str) -> api.Definition:
        """A stored definition.

        Raises:
            NotFoundError: there is none of that id.
        """
        response = self._send(
            "GET",
            f"/api/workflow-definitions/{_segment(definition_id)}",
            errors={400: NotFoundError, 404: NotFoundError},
        )
        return self._read(api.Envelope[api.Definition], response).data

    def create_run(self, request: api.CreateRun, *, project: ProjectRef | None = None) -> str:
        """Start a run of a stored definition; its id.

        Raises:
            WorkflowRunNotStarted: the engine refused to run it.
            ProjectInvalidError: this login may not use the project.
        """
        response = self._send(
            "POST",
            "/api/workflow-runs",
            json=request.model_dump_json(by_alias=True),
            errors={400: WorkflowRunNotStarted, **_project_errors(project)},
        )
        return self._read(api.Envelope[api.Id], response).data.id

    def get_run(self, run_id: str) -> api.Run:
        """A run with its tasks.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        response = self._send(
            "GET", f"/api/workflow-runs/{_segment(run_id)}", errors=_RUN_NOT_FOUND
        )
        return self._read(api.Envelope[api.Run], response).data

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
        response = self._send("GET", "/api/workflow-runs", params=params)
        return self._read(api.Envelope[list[api.RunSummary]], response)

    def terminate_run(self, run_id: str, *, force: bool | None = None) -> None:
        """Ask the engine to stop a run.

        Raises:
            WorkflowRunNotFoundError: there is none of that id.
        """
        self._send(
            "POST",
            f"/api/workflow-runs/{_segment(run_id)}/terminate",
            params={"force": None if force is None else str(force)},
            errors=_RUN_NOT_FOUND,
        )

    def list_nodes(self, run_id: str) -> list[api.Pool]:
        """The pools of a run with their nodes.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
        """
        response = self._send(
            "GET", f"/api/workflow-runs/{_segment(run_id)}/nodes", errors=_RUN_NOT_FOUND
        )
        return self._read(api.Envelope[list[api.Pool]], response).data

    def list_artifacts(self, run_id: str) -> dict[str, list[str]]:
        """Ids of the stored artifacts by task run; a list has one id or, before, none.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
        """
        response = self._send(
            "GET", "/api/artifacts", params={"workflowRunId": run_id}, errors=_RUN_NOT_FOUND
        )
        return self._read(api.Envelope[dict[str, list[str]]], response).data

    def get_artifact(self, artifact_id: str) -> responses.WorkflowResult:
        """One stored artifact.

        Raises:
            NotFoundError: there is none of that id.
        """
        response = self._send(
            "GET",
            f"/api/artifacts/{_segment(artifact_id)}",
            errors={400: NotFoundError, 404: NotFoundError},
        )
        return self._read(_ARTIFACT, response)

    def list_results(self, run_id: str) -> list[str]:
        """The id of a run's results, or an empty list before they are stored.

        Raises:
            WorkflowRunNotFoundError: there is no run of that id.
        """
        response = self._send(
            "GET", "/api/run-results", params={"workflowRunId": run_id}, errors=_RUN_NOT_FOUND
        )
        return self._read(api.Envelope[list[str]], response).data

    def get_result(
        self, result_id: str
    ) -> responses.ComputeEngineWorkflowResult | responses.WorkflowResult:
        """The results of a run; old engines store all of them as one value.

        Raises:
            NotFoundError: there are none of that id.
        """
        response = self._send(
            "GET",
            f"/api/run-results/{_segment(result_id)}",
            errors={400: NotFoundError, 404: NotFoundError},
        )
        return self._read(_STORED_RESULT, response)

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

    def _logs(self, path: str, *, params: Mapping[str, str]) -> bytes:
        response = self._send(
            "GET", path, params=params, errors={400: NotFoundError, 404: NotFoundError}
        )
        return response.content

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: str | None = None,
        errors: Mapping[int, ErrorMaker] | None = None,
    ) -> httpx.Response:
        self._check_login()
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            url = httpx.URL(self.uri).join(path)
            response = self._http.request(method, url, params=given or None, content=json)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RemoteConnectionError(self.uri) from error
        if response.is_error:
            raise self._failure(response, errors=errors or {})
        return response

    def _check_login(self) -> None:
        try:
            check_token(self._token)
        except (ExpiredTokenError, InvalidTokenError) as error:
            raise UnauthorizedError(
                f"{error} `orq login -s {self.uri} -t TOKEN` renews the login."
            ) from error

    def _failure(self, response: httpx.Response, *, errors: Mapping[int, ErrorMaker]) -> Exception:
        reason = _reason(response)
        if response.status_code in errors:
            return errors[response.status_code](reason)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            return UnauthorizedError(
                f"The Compute Engine at {self.uri} does not accept this login: {reason} "
                f"`orq login -s {self.uri} -t TOKEN` renews it."
            )
        if response.status_code == httpx.codes.FORBIDDEN:
            return UnauthorizedError(
                f"This login has no right to do that on the Compute Engine at {self.uri}: {reason}"
            )
        request = response.request
        return BaseRuntimeError(
            f"The Compute Engine at {self.uri} answered {request.method} {request.url.path} "
            f"with {response.status_code}: {reason}"
        )

    def _read(
        self, model: type[ModelT] | pydantic.TypeAdapter[ModelT], response: httpx.Response
    ) -> ModelT:
        adapter = model if isinstance(model, pydantic.TypeAdapter) else pydantic.TypeAdapter(model)
        try:
            return adapter.validate_json(response.content)
        except pydantic.ValidationError as error:
            raise BaseRuntimeError(
                f"What answers at {self.uri} is no Compute Engine that this release understands: "
                f"{response.request.url.path} gave {response.text[:_LONGEST_QUOTE]!r}."
            ) from error


_RUN_NOT_FOUND: Mapping[int, ErrorMaker] = {
    400: WorkflowRunNotFoundError,
    404: WorkflowRunNotFoundError,
}


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


def _segment(identifier: str) -> str:
    return quote(identifier, safe="")


def _reason(response: httpx.Response) -> str:
    """The engine's own words, as far as there are any."""
    try:
        error = api.Error.model_validate_json(response.content)
    except pydantic.ValidationError:
        return response.text[:_LONGEST_QUOTE].strip() or response.reason_phrase
    return error.detail or error.message
