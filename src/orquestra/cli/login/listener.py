"""What waits on this machine for the browser to bring a token.

The login page of a Compute Engine calls `http://127.0.0.1:<port>/state?token=…`, by a script or by
a link. Paths, headers and codes are those of release 1.1. Other programs and pages on this machine
can call it, too: what is no token, or comes from the script of another site, is refused, and the
wait goes on.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orquestra.sdk.configuration.tokens import read_claims
from orquestra.sdk.exceptions import InvalidTokenError

_PATH = "/state"
_STOP_POLLING = timedelta(milliseconds=50)


class TokenListener(ThreadingHTTPServer):
    """Has a port of 127.0.0.1, and receives one token. Made by `listening`.

    Attributes:
        login_page: The page that brings the token; of scripts, only those of its site may.
    """

    # Browsers open some connections ahead of time and say nothing on them.
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.login_page = ""
        self.tokens: SimpleQueue[str] = SimpleQueue()

    def server_bind(self) -> None:
        """Take the port; the library would ask the network for the name of this machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def wait(self, limit: timedelta) -> str | None:
        """The first token that comes; None where none has come in that time."""
        try:
            return self.tokens.get(timeout=limit.total_seconds())
        except Empty:
            return None


@contextmanager
def listening() -> Iterator[TokenListener]:
    """Listen on a free port."""
    with TokenListener() as listener:
        thread = threading.Thread(
            target=listener.serve_forever, args=(_STOP_POLLING.total_seconds(),), daemon=True
        )
        thread.start()
        try:
            yield listener
        finally:
            listener.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: TokenListener
    timeout = 10  # seconds, for a connection that says nothing

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self._is_foreign():
            self._answer(HTTPStatus.FORBIDDEN)
            return
        if address.path != _PATH:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        tokens = parse_qs(address.query).get("token")
        if not tokens or not _is_jwt(tokens[0]):
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        self._answer(HTTPStatus.OK)
        # Not before: the command ends with it, and the answer must be out by then.
        self.server.tokens.put(tokens[0])

    def do_OPTIONS(self) -> None:
        """What Chrome asks before a page of a public address may call this machine."""
        if self._is_foreign():
            self._answer(HTTPStatus.FORBIDDEN)
            return
        self._answer(
            HTTPStatus.NO_CONTENT,
            {
                "Access-Control-Allow-Methods": "GET",
                "Access-Control-Allow-Private-Network": "true",
            },
        )

    def _is_foreign(self) -> bool:
        """Whether a script of another site calls; links and other programs name no site."""
        return self.headers.get("Origin", self._origin()) != self._origin()

    def _origin(self) -> str:
        page = urlsplit(self.server.login_page)
        return f"{page.scheme}://{page.netloc}"

    def _answer(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", self._origin())
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Nothing: the request has the token in it."""


def _is_jwt(token: str) -> bool:
    try:
        read_claims(token)
    except InvalidTokenError:
        return False
    return True
