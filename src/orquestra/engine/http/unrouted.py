"""Answers to requests for which there is no endpoint: an unknown path, or another method."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from orquestra.engine.http import answers

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def answer(request: Request, error: HTTPException) -> Response:
    """What is answered instead of what the framework says of it."""
    path = request.url.path
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return answers.failure(
                error.status_code,
                f"There is nothing at {path!r}. /openapi.json tells what there is.",
                error="path_unknown",
            )
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(_allowed(request))
            return answers.failure(
                error.status_code,
                f"{path!r} does not take {request.method}, but {allowed}.",
                error="method_not_allowed",
                headers={"Allow": allowed},
            )
    return answers.failure(
        error.status_code, str(error.detail), error="http_error", headers=error.headers
    )


def _allowed(request: Request) -> Sequence[str]:
    """The methods of all endpoints of a path; the framework would name those of the first."""
    routes = request.app.routes
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes
        )
    ]
