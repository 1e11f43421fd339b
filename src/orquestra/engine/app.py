"""The HTTP applications: the public one, and the internal one for heads of run clusters."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from orquestra.engine.artifacts import endpoints as artifacts
from orquestra.engine.clusters import endpoints as clusters
from orquestra.engine.definitions import endpoints as definitions
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import BadRequest, EngineError, Unauthorized
from orquestra.engine.health import endpoints as health
from orquestra.engine.logs import endpoints as logs
from orquestra.engine.nodes import endpoints as nodes
from orquestra.engine.runs import endpoints as runs
from orquestra.engine.timing import endpoints as timing
from orquestra.sdk.packaging import get_installed_version
from orquestra.sdk.schema import api


def public_app(services: EngineServices) -> FastAPI:
    """What users and clients see."""
    domains = (definitions, runs, nodes, timing, artifacts, logs, health)
    routers = [domain.router for domain in domains]
    return _app("Orquestra Compute Engine", services, routers=routers)


def cluster_app(services: EngineServices) -> FastAPI:
    """What the heads of run clusters see."""
    return _app("Orquestra run clusters", services, routers=[clusters.router])


def _app(title: str, services: EngineServices, *, routers: Sequence[APIRouter]) -> FastAPI:
    app = FastAPI(title=title, version=get_installed_version("orquestra-sdk"))
    app.state.services = services
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(EngineError, _engine_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    return app


async def _engine_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, EngineError):
        raise error
    body = api.Error(
        code=error.wire_code if isinstance(error, BadRequest) else None,
        message=HTTPStatus(error.status).phrase,
        detail=str(error),
        error=error.code,
    )
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else None
    return _answer(error.status, body, headers=headers)


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()
    )
    phrase = HTTPStatus(BadRequest.status).phrase
    body = api.Error(message=phrase, detail=f"{problems}.", error=BadRequest.code)
    return _answer(BadRequest.status, body)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    body = api.Error(message=phrase, detail=str(error.detail), error="http_error")
    return _answer(error.status_code, body)


def _answer(status: int, body: api.Error, *, headers: dict[str, str] | None = None) -> JSONResponse:
    content = body.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status_code=status, headers=headers)
