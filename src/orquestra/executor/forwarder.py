"""Hands what tasks ask about secrets on to the engine: only the head reaches its socket.

Tasks show the token of their run, which the engine checks; the head adds nothing of its own.
"""

import ssl
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

import httpx

from orquestra.sdk.schema import api

PATIENCE = timedelta(seconds=20)
"""How long an engine that is being restarted is waited for."""

MOST_BYTES = 4 << 20
"""Of the body of a request."""

_ROOT = "/api/config/secrets"
_IDLE_LIMIT = timedelta(seconds=10)
"""How long a task may take over a piece of its request."""
_ANSWER_LIMIT = timedelta(seconds=90)
_PAUSE = timedelta(milliseconds=100)
_OF_ONE_CONNECTION = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that say something about one connection, not about the request or its answer."""


class Forwarder:
    """A context, inside of which `host` and `port` are listened on; port 0 is any free one."""

    def __init__(
        self, engine_socket: str, *, host: str, port: int, patience: timedelta = PATIENCE
    ) -> None:
        # No TLS goes over a Unix socket, and loading certificates is slow.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._engine = _Engine(
            httpx.Client(
                transport=httpx.HTTPTransport(uds=engine_socket, verify=tls),
                base_url="http://engine",
                timeout=_ANSWER_LIMIT.total_seconds(),
            ),
            patience=patience,
        )
        self._server = _Server((host, port), _handler(self._engine))

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="forwarder", daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._engine.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A task that hangs up has its own reasons."""


class _Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    content: bytes


class _Engine:
    """The engine behind its socket."""

    def __init__(self, http: httpx.Client, *, patience: timedelta) -> None:
        self._http = http
        self._patience = patience

    def close(self) -> None:
        self._http.close()

    def answer(
        self, method: str, target: str, *, headers: list[tuple[str, str]], body: bytes
    ) -> _Answer:
        try:
            return self._ask(method, target, headers=headers, body=body)
        except _NOT_HTTP:
            return _refusal(HTTPStatus.BAD_REQUEST, _BROKEN)

    def _ask(
        self, method: str, target: str, *, headers: list[tuple[str, str]], body: bytes
    ) -> _Answer:
        url = httpx.URL("http://engine").copy_with(raw_path=target.encode("ascii"))
        # The path as it is sent: without dots that might lead out.
        if url.path != _ROOT and not url.path.startswith(f"{_ROOT}/"):
            return _refusal(
                HTTPStatus.NOT_FOUND, f"Only calls below {_ROOT} are handed on to the engine."
            )
        end = time.monotonic() + self._patience.total_seconds()
        while True:
            try:
                response = self._http.request(method, url, headers=headers, content=body or None)
            except _AWAY_ERRORS as error:
                # What may have arrived must not be done twice, unless it changes nothing.
                again = isinstance(error, httpx.ConnectError) or method == "GET"
                if not again or time.monotonic() > end:
                    return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, _AWAY)
                time.sleep(_PAUSE.total_seconds())
            except httpx.TimeoutException:
                return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, _AWAY)
            else:
                return _Answer(
                    response.status_code, _kept(response.headers.items()), response.content
                )


_AWAY_ERRORS = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
_NOT_HTTP = (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError)

_BROKEN = (
    "The request cannot be handed on: its target has to be a path, with %XX for what is not ASCII, "
    "and each of its headers one line of ASCII."
)
_AWAY = "The engine does not answer: it may be being restarted. Try it again in a moment."
_TOO_LARGE = (
    f"The body of a request has at most {MOST_BYTES} bytes, and Content-Length says how many."
)


def _handler(engine: _Engine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _IDLE_LIMIT.total_seconds()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: nobody reads it, and each read of a secret would be a line."""

        def do_GET(self) -> None:
            self._hand_on()

        do_POST = do_DELETE = do_GET  # noqa: N815

        def _hand_on(self) -> None:
            # One request on each connection, so that no idle one keeps a thread.
            self.close_connection = True
            size = self._size()
            if size is None:
                self._send(_refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE))
                return
            body = self.rfile.read(size)
            if len(body) == size:
                headers = _kept(self.headers.items())
                self._send(engine.answer(self.command, self.path, headers=headers, body=body))

        def _size(self) -> int | None:
            """The size of the body; None where it is not said, or too much."""
            said = self.headers.get("Content-Length", "0")
            if "Transfer-Encoding" in self.headers or not said.isdecimal():
                return None
            size = int(said)
            return size if size <= MOST_BYTES else None

        def _send(self, answer: _Answer) -> None:
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.content)

    return Handler


def _kept(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _OF_ONE_CONNECTION]


def _refusal(status: HTTPStatus, detail: str) -> _Answer:
    body = api.Error(message=status.phrase, detail=detail, error="forwarder")
    return _Answer(
        status,
        [("Content-Type", "application/json")],
        body.model_dump_json(exclude_none=True).encode(),
    )
