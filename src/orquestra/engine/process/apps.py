"""The HTTP applications: the public one, and the internal one for heads of run clusters."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from orquestra.engine.artifacts import endpoints as artifacts
from orquestra.engine.clusters import endpoints as clusters
from orquestra.engine.definitions import endpoints as definitions
from orquestra.engine.errors import BadRequest, EngineError
from orquestra.engine.health import endpoints as health
from orquestra.engine.http import answers, openapi, unrouted
from orquestra.engine.http.failures import FailureAnswers
from orquestra.engine.http.limits import BodyLimit
from orquestra.engine.login import endpoints as login
from orquestra.engine.logs import endpoints as logs
from orquestra.engine.nodes import endpoints as nodes
from orquestra.engine.runs import endpoints as runs
from orquestra.engine.secrets import endpoints as secrets
from orquestra.engine.services import EngineServices
from orquestra.engine.timing import endpoints as timing
from orquestra.engine.workspaces import endpoints as workspaces
from orquestra.sdk.packaging import get_installed_version


def public_app(services: EngineServices) -> FastAPI:
    """What users and clients see."""
    domains = (
        *(login, workspaces, secrets, health),
        *(definitions, runs, nodes, timing, artifacts, logs),
    )
    routers = [domain.router for domain in domains]
    # Its document is public as well: it tells of the API, not of what is stored.
    return _app("Orquestra Compute Engine", services, routers=routers, openapi_url="/openapi.json")


def cluster_app(services: EngineServices) -> FastAPI:
    """What the heads of run clusters see."""
    # Tasks ask for secrets as users do, through their head.
    routers = [clusters.router, secrets.router]
    return _app("Orquestra run clusters", services, routers=routers, openapi_url=None)


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.completed(super().openapi())
        return self.openapi_schema


def _app(
    title: str,
    services: EngineServices,
    *,
    routers: Sequence[APIRouter],
    openapi_url: str | None,
) -> FastAPI:
    app = _Application(
        title=title,
        version=get_installed_version("orquestra-sdk"),
        description=openapi.DESCRIPTION,
        openapi_url=openapi_url,
        openapi_tags=openapi.TAGS,
        # Their pages would load scripts of third parties.
        docs_url=None,
        redoc_url=None,
        # An id that is empty must not lead to the list of all.
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.services = services
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(EngineError, _engine_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(BodyLimit)
    app.add_middleware(FailureAnswers)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


async def _engine_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, EngineError):
        raise error
    return answers.of_error(error)


async def _invalid_request(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()
    )
    return answers.of_error(BadRequest(f"{problems}."))


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return unrouted.answer(request, error)
