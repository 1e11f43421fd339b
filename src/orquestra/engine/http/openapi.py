"""The OpenAPI document: what the framework finds out about endpoints, and what holds of them all.

Which errors an operation answers follows from what it takes, so no endpoint can forget to say so;
those of its own an endpoint declares, as `responses={409: {}}`.
"""

from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from orquestra.sdk.schema import api

DESCRIPTION = """\
Runs workflows. The paths of the published client `orquestra-sdk` 1.1 are here as that client \
knows them; what is added to them has paths of its own.

Every failed request is answered with the schema `Error`. Lists give the newest first, in pages: \
what `meta.nextPageToken` holds is the next request's `pageToken`. Times are in UTC.
"""

TAGS = [
    {"name": name, "description": description}
    for name, description in {
        "login": "From a password to a token.",
        "workspaces": "What users share, and the projects in them.",
        "workflow definitions": "Workflows as they were submitted: the graph with its code.",
        "workflow runs": "Executions of definitions: begin, look at, wait for, end.",
        "results": "Values: what a run returned, and what each of its tasks did.",
        "logs": "Output of tasks, of installers, and of what happened to the nodes of a run.",
        "nodes": "The containers that a run's tasks executed in.",
        "timing": "Where the time of a run went.",
        "secrets": "Values that tasks need and nobody else may see.",
        "health": "For monitors and load balancers.",
    }.items()
]

_VALIDATION_ERROR = str(HTTPStatus.UNPROCESSABLE_ENTITY.value)
_UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")
_SCHEMAS = "#/components/schemas/"
_ERROR_CONTENT = {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{api.Error.__name__}"}}}

_NOT_IN_ENDPOINTS = (api.Error, api.RunProgress, api.TaskChanges, api.PoolList, api.RunLogLine)
"""What is answered without an endpoint that says so: errors, and the data of streams' events."""

_MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The request itself is wrong; `detail` says which part of it.",
    HTTPStatus.UNAUTHORIZED: "No token, or one that does not count (any more).",
    HTTPStatus.FORBIDDEN: "Not with this token.",
    HTTPStatus.NOT_FOUND: "Nothing has this id.",
    HTTPStatus.CONFLICT: "Not as long as something else is as it is.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has more bytes than the engine reads.",
    HTTPStatus.BAD_GATEWAY: "Another engine, which this one asked, refuses or does not answer.",
    HTTPStatus.SERVICE_UNAVAILABLE: "What starts containers does not answer; it may again soon.",
}

_PARAMETERS = {
    "definition_id": "Id of a workflow definition.",
    "run_id": "Id of a workflow run.",
    "workflowRunId": "Id of a workflow run.",
    "artifact_id": "Id of an artifact, from the list of a run's artifacts.",
    "result_id": "Id of a result, from the list of a run's results.",
    "taskInvocationId": "Id of a task invocation, or of an element of a map.",
    "workspaceId": "Id of a workspace.",
    "projectId": "Id of a project of that workspace.",
    "resource_name": "`zri:v1::0:system:resource_group:<workspace id>`, slashes as they are.",
    "workspace": "Id of a workspace; without one, the personal one.",
    "nameOrZRI": "A secret's name, in the personal workspace, or its "
    "`zri:v1::0:<workspace id>:secret:<name>`.",
    "config": "On the local runtime: a saved login of its user, on whose engine the secret is.",
    "tasks": "Whether its tasks are told, too.",
    "force": "Whether the run is to be KILLED; else it is TERMINATED.",
    "kind": "Kinds of logs; without any, all.",
}
"""What parameters mean wherever they stand, where their endpoint does not say it."""

NO_SUCH_WORKSPACE: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such workspace."}
}
"""What administrators are answered where others are no members."""


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the errors of all operations."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in _UNUSED_SCHEMAS:
        schemas.pop(unused, None)
    _, more = models_json_schema(
        [(model, "serialization") for model in _NOT_IN_ENDPOINTS],
        ref_template=f"{_SCHEMAS}{{model}}",
    )
    document["components"]["schemas"] = more["$defs"] | schemas
    for operations in document["paths"].values():
        for operation in operations.values():
            _complete(operation)
    return document


def _complete(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
        meaning = _PARAMETERS.get(parameter["name"])
        if meaning:
            parameter.setdefault("description", meaning)
    responses = operation["responses"]
    responses.pop(_VALIDATION_ERROR, None)
    expected = {str(status.value) for status in _errors_of(operation)}
    for code in expected:
        responses.setdefault(code, {})
    for code, response in responses.items():
        status = HTTPStatus(int(code))
        if status in _MEANINGS and response.get("description") in {None, status.phrase}:
            response["description"] = _MEANINGS[status]
        if code in expected or (status in _MEANINGS and "content" not in response):
            response["content"] = _ERROR_CONTENT | response.get("content", {})
    operation["responses"] = dict(sorted(responses.items()))


def _errors_of(operation: dict[str, Any]) -> list[HTTPStatus]:
    parameters = operation.get("parameters", [])
    has_body = "requestBody" in operation
    names_something = any(parameter["required"] for parameter in parameters)
    found = []
    if parameters or has_body:
        found.append(HTTPStatus.BAD_REQUEST)
    if operation.get("security"):
        found += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    if names_something:
        found.append(HTTPStatus.NOT_FOUND)
    if has_body:
        found.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that may be left out; null cannot be sent."""
    kinds: list[dict[str, Any]] = [
        kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}
    ]
    if len(kinds) != 1:
        return schema
    return kinds[0] | {key: value for key, value in schema.items() if key != "anyOf"}
