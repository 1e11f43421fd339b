"""Requests to one Compute Engine: where they go, and what failures on the way mean.

Failures come out as the SDK's own errors, with the engine's words in the message.
"""

import ssl
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import pydantic

from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.configuration.tokens import check_token
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    ExpiredTokenError,
    InvalidTokenError,
    RayNotRunningError,
    RemoteConnectionError,
    UnauthorizedError,
)
from orquestra.sdk.schema import api

CONNECT_TIMEOUT = timedelta(seconds=10)
ANSWER_TIMEOUT = timedelta(minutes=2)
SILENCE_LIMIT = timedelta(seconds=45)
"""A stream of events says something every 15 seconds; silent for longer, it counts as broken."""

_LONGEST_QUOTE = 500

_AWAY = frozenset(
    {
        httpx.codes.BAD_GATEWAY,
        httpx.codes.SERVICE_UNAVAILABLE,
        httpx.codes.GATEWAY_TIMEOUT,
    }
)
"""What a proxy in front of an engine answers while that is restarted."""

ModelT = TypeVar("ModelT")
ErrorMaker = Callable[[str], Exception]
"""Makes an error of the engine's words."""


class Connection:
    """Sends requests with one login, or to the local runtime wherever it runs at that moment.

    Everything here may raise `UnauthorizedError`, `RemoteConnectionError` (for the local runtime
    `RayNotRunningError`), and `BaseRuntimeError` for an answer that nobody expects.
    """

    def __init__(
        self,
        config: RuntimeConfig,
        *,
        transport: httpx.BaseTransport | None,
        patience: timedelta = ANSWER_TIMEOUT,
        is_login: bool = True,
    ) -> None:
        """`patience` is how long an answer may take.

        The token of a run is no login (`is_login`): nobody can renew it, so it is not looked at.
        """
        self._config = config
        self._is_login = is_login
        self._http = _client(config, transport=transport, patience=patience)
        weakref.finalize(self, self._http.close)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: str | None = None,
        errors: Mapping[int, ErrorMaker] | None = None,
    ) -> httpx.Response:
        """Send one request; `errors` says what the engine's refusals mean, by HTTP status."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        with self._reached() as login:
            response = self._http.request(
                method,
                httpx.URL(login.uri).join(path),
                params=given or None,
                content=json,
                headers=_headers(login),
            )
        if response.is_error:
            raise self._failure(response, errors=errors or {})
        return response

    @contextmanager
    def stream(
        self, path: str, *, params: Mapping[str, Any], errors: Mapping[int, ErrorMaker]
    ) -> Iterator[httpx.Response]:
        """Open an answer that goes on; reading it raises as sending does.

        An engine behind a proxy that does not get through to it cannot be reached either.
        """
        with (
            self._reached() as login,
            self._http.stream(
                "GET",
                httpx.URL(login.uri).join(path),
                params=params,
                headers=_headers(login),
                timeout=_timeout(SILENCE_LIMIT),
            ) as response,
        ):
            if response.is_error:
                response.read()
                failure = self._failure(response, errors=errors)
                if response.status_code in _AWAY:
                    raise _unreachable(login) from failure
                raise failure
            yield response

    @contextmanager
    def _reached(self) -> Iterator[RuntimeConfig]:
        login = self._config.resolved()
        if self._is_login:
            _check_login(login)
        try:
            yield login
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(login) from error

    def _failure(self, response: httpx.Response, *, errors: Mapping[int, ErrorMaker]) -> Exception:
        request, status, reason = response.request, response.status_code, _reason(response)
        if status in errors:
            return errors[status](reason)
        if status == httpx.codes.UNAUTHORIZED and self._config.is_local:
            return RayNotRunningError()  # something else has taken the port of one that died
        engine = f"Compute Engine at {_address(request.url)}"
        if status == httpx.codes.UNAUTHORIZED:
            return UnauthorizedError(
                f"The {engine} does not accept this login: {reason} {_how_to_renew(self._config)}"
            )
        if status == httpx.codes.FORBIDDEN:
            return UnauthorizedError(
                f"This login has no right to do that on the {engine}: {reason}"
            )
        return BaseRuntimeError(
            f"The {engine} answered {request.method} {request.url.path} with {status}: {reason}"
        )


def read_answer(
    model: type[ModelT] | pydantic.TypeAdapter[ModelT],
    response: httpx.Response,
    *,
    content: bytes | None = None,
) -> ModelT:
    """An answer, or a piece of one, as a document.

    Raises:
        BaseRuntimeError: it is something else.
    """
    content = response.content if content is None else content
    adapter = model if isinstance(model, pydantic.TypeAdapter) else pydantic.TypeAdapter(model)
    try:
        return adapter.validate_json(content)
    except pydantic.ValidationError as error:
        quoted = content[:_LONGEST_QUOTE].decode(errors="replace")
        raise BaseRuntimeError(
            f"What answers at {_address(response.url)} is no Compute Engine that this release "
            f"understands: {response.url.path} gave {quoted!r}."
        ) from error


def _client(
    config: RuntimeConfig, *, transport: httpx.BaseTransport | None, patience: timedelta
) -> httpx.Client:
    timeout = _timeout(patience)
    if config.is_local:
        # Plain HTTP on this machine: no proxy may come between, and loading certificates is slow.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.Client(timeout=timeout, transport=transport, verify=tls, trust_env=False)
    return httpx.Client(timeout=timeout, transport=transport, follow_redirects=True)


def _unreachable(login: RuntimeConfig) -> Exception:
    return RayNotRunningError() if login.is_local else RemoteConnectionError(login.uri)


def _timeout(limit: timedelta) -> httpx.Timeout:
    return httpx.Timeout(limit.total_seconds(), connect=CONNECT_TIMEOUT.total_seconds())


def _headers(login: RuntimeConfig) -> dict[str, str]:
    return {"Authorization": f"Bearer {login.token}", "Content-Type": "application/json"}


def _check_login(login: RuntimeConfig) -> None:
    try:
        check_token(login.token)
    except (ExpiredTokenError, InvalidTokenError) as error:
        raise UnauthorizedError(f"{error} {_how_to_renew(login)}") from error


def _how_to_renew(login: RuntimeConfig) -> str:
    if login.is_local:
        return "`orq restart` renews it."
    return f"`orq login -s {login.uri} -t TOKEN` renews it."


def _address(url: httpx.URL) -> str:
    return str(url.copy_with(raw_path=b"")).rstrip("/")


def _reason(response: httpx.Response) -> str:
    """The engine's own words, as far as there are any."""
    try:
        error = api.Error.model_validate_json(response.content)
    except pydantic.ValidationError:
        return response.text[:_LONGEST_QUOTE].strip() or response.reason_phrase
    return error.detail or error.message
