"""`/api/login`, where `orq login` begins, and the page `/login`."""

import re
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from orquestra.engine.dependencies import Services
from orquestra.engine.errors import (
    BadRequest,
    EngineError,
    Forbidden,
    NotFound,
    TooLarge,
    TooManyAttempts,
)
from orquestra.engine.login import page, service
from orquestra.engine.login.page import Visit
from orquestra.engine.login.service import Credentials

router = APIRouter(tags=["login"])

_LONGEST_FORM = 16 * 1024
_MOST_FIELDS = 10
_HOST = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", re.ASCII)
_OWN_SITE = {"same-origin", "none"}

_PORT = Query(ge=1, le=65535, description="Where `orq login` waits, on the user's machine")


async def _origin(request: Request, services: Services) -> str:
    """Where the user reaches the engine: as it was set, else as this request did."""
    settings = services.settings
    if settings.local:
        raise NotFound(
            "This engine is the local runtime of one user and needs no login. `orq login` is for "
            "Compute Engines."
        )
    host = request.headers.get("host", "")
    if settings.public_address or not _HOST.fullmatch(host):
        return settings.address
    return f"{request.scope['scheme']}://{host}"


Origin = Annotated[str, Depends(_origin)]


async def _visit(origin: Origin, port: Annotated[int | None, _PORT] = None) -> Visit:
    return Visit(origin=origin, port=port)


PageVisit = Annotated[Visit, Depends(_visit)]


@router.get(
    "/api/login",
    status_code=HTTPStatus.TEMPORARY_REDIRECT,
    response_class=RedirectResponse,
    responses={404: {}},
)
async def begin_login(port: Annotated[int, _PORT], origin: Origin) -> RedirectResponse:
    """Where to log in: the page to open in a browser, which gives the token to a local port."""
    address = f"{origin}/login?port={port}"
    return RedirectResponse(address, headers={"Cache-Control": "no-store"})


@router.get("/login", response_class=HTMLResponse, responses={404: {}})
async def login_page(visit: PageVisit) -> HTMLResponse:
    """The page that asks for user and password."""
    return HTMLResponse(page.form(visit), headers=visit.headers)


_FORM = {
    "type": "object",
    "required": ["user", "password"],
    "properties": {"user": {"type": "string"}, "password": {"type": "string"}},
}
_PAGE: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}


@router.post(
    "/login",
    response_class=HTMLResponse,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": _FORM}},
        }
    },
    responses={
        400: {**_PAGE, "description": "The form is not filled in, or holds too much."},
        403: {**_PAGE, "description": "User and password do not belong together."},
        404: {},
        413: {**_PAGE, "description": "The form is too long."},
        429: {**_PAGE, "description": "Too many wrong passwords; `Retry-After` says how long."},
    },
)
async def log_in(request: Request, services: Services, visit: PageVisit) -> HTMLResponse:
    """The page with the token, or the form again with what was wrong."""
    user = ""
    try:
        _check_site(request, visit)
        credentials = await _credentials(request)
        user = credentials.user
        address = request.client.host if request.client else ""
        token = await service.log_in(services, credentials, address=address)
    except EngineError as error:
        return _refused(visit, error, user=user)
    days = services.settings.login.token_days
    return HTMLResponse(page.token(visit, token=token, days=days), headers=visit.headers)


def _refused(visit: Visit, error: EngineError, *, user: str) -> HTMLResponse:
    headers = visit.headers
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(int(error.retry_after.total_seconds()))
    content = page.form(visit, user=user, problem=str(error))
    return HTMLResponse(content, status_code=error.status, headers=headers)


def _check_site(request: Request, visit: Visit) -> None:
    """Refuse what another site has filled in: it would log users in as somebody else.

    Over plain HTTP browsers do not tell the site, but the origin of a form. Programs tell neither.
    """
    headers = request.headers
    site, (_, _, origin) = headers.get("sec-fetch-site"), headers.get("origin", "").partition("://")
    if site is not None:
        is_own = site in _OWN_SITE
    else:
        own = {headers.get("host"), urlsplit(visit.origin).netloc}
        is_own = "origin" not in headers or (origin in own)
    if not is_own:
        raise Forbidden("The form came from another site. Log in with the one on this page.")


async def _credentials(request: Request) -> Credentials:
    fields = _fields(await _body(request))
    user, password = (fields.get(name, [""])[0] for name in ("user", "password"))
    if not (user and password):
        raise BadRequest("Fill in both user and password.")
    return Credentials(user=user.strip(), password=password)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_FORM:
            raise TooLarge("The form is too long.")
    return body


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("ascii", errors="replace"), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise BadRequest("The form has too many fields.") from error
