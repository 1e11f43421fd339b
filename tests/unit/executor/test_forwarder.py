"""Handing calls about secrets on to the engine."""

import http.client
import json
import socket as socket_module
import tempfile
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from orquestra.executor import forwarder as module
from orquestra.executor.forwarder import Forwarder

SECRETS = "/api/config/secrets"

# httpcore leaves it to Python to close the socket of a connection that it could not make.
nobody_listens = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"
    seen = 0

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def do_GET(self):
        Echo.seen += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = {"call": f"{self.command} {self.path}", "body": body, **self.headers}
        content = json.dumps(asked).encode()
        self.send_response(418)
        self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_DELETE = do_GET  # noqa: N815


@pytest.fixture
def socket():
    with tempfile.TemporaryDirectory() as folder:
        yield str(Path(folder) / "engine.sock")


@pytest.fixture
def start():
    """Let an engine listen on a socket that echoes what it is asked."""
    servers = []

    def listen(path):
        server = ThreadingUnixStreamServer(path, Echo)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    yield listen
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def engine(start, socket):
    start(socket)
    Echo.seen = 0
    return Echo


@pytest.fixture
def forwarder(socket):
    patience = timedelta(milliseconds=300)
    with Forwarder(socket, host="127.0.0.1", port=0, patience=patience) as made:
        yield made


@pytest.fixture
def ask(forwarder):
    """Ask the forwarder, without any client's ideas of what a path is."""

    def send(method, target, *, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", forwarder.port, timeout=5)
        connection.request(method, target, body=body, headers=dict(headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, json.loads(content)

    return send


@pytest.mark.parametrize(
    "call",
    [
        f"GET {SECRETS}?workspace=a%20team",
        f"POST {SECRETS}",
        f"GET {SECRETS}/zri:v1::0:a@b.c%2Fd:secret:name?config=prod",
        f"DELETE {SECRETS}/name",
    ],
)
def test_calls_about_secrets_are_handed_on_as_they_are(engine, ask, call):
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}

    response, asked = ask(*call.split(), body='{"é": 1}'.encode(), headers=headers)

    assert asked["call"] == call
    assert asked["body"] == '{"é": 1}'
    assert asked["Authorization"] == "Bearer t"
    assert asked["Content-Type"] == "application/json"
    assert response.status == 418
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/json"


def test_what_is_said_of_one_connection_is_not_handed_on(engine, ask):
    headers = {"Connection": "upgrade", "Upgrade": "h2c", "Keep-Alive": "5", "TE": "trailers"}

    response, asked = ask("GET", SECRETS, headers=headers)

    assert not {"Upgrade", "Keep-Alive", "TE"} & asked.keys()
    assert asked["Host"] == "engine"
    assert response.headers["Connection"] == "close"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/api/config/secretsandmore",
        "/internal/clusters/c/work",
        f"{SECRETS}/../../../internal/clusters/c/work",
        f"{SECRETS}/../x",
    ],
)
def test_nothing_else_reaches_the_engine(engine, ask, target):
    response, error = ask("GET", target)

    assert response.status == 404
    assert SECRETS in error["detail"]
    assert not engine.seen


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": str(module.MOST_BYTES + 1)},
        {"Content-Length": "-1"},
        {"Transfer-Encoding": "chunked"},
    ],
)
def test_a_body_has_a_limit(engine, ask, headers):
    response, error = ask("POST", SECRETS, headers=headers)

    assert response.status == 413
    assert str(module.MOST_BYTES) in error["detail"]
    assert not engine.seen


@pytest.mark.parametrize(
    "request_lines",
    [
        f"GET {SECRETS}/é HTTP/1.1",
        f"GET {SECRETS}/a\x01b HTTP/1.1",
        f"GET http://engine{SECRETS}/a HTTP/1.1",
        f"GET {SECRETS}/a HTTP/1.1\r\nX-Name: é",
        f"GET {SECRETS}/a HTTP/1.1\r\nX-Name: folded\r\n into two",
    ],
)
def test_what_cannot_be_handed_on_is_told_at_once(engine, forwarder, request_lines):
    with socket_module.create_connection(("127.0.0.1", forwarder.port), timeout=5) as connection:
        connection.sendall(f"{request_lines}\r\n\r\n".encode())
        with connection.makefile("rb") as file:
            head, _, body = file.read().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert "cannot be handed on" in json.loads(body)["detail"]
    assert not engine.seen


@nobody_listens
def test_an_engine_that_is_away_is_waited_for(socket, start, ask):
    starting = threading.Timer(0.1, start, (socket,))
    starting.start()

    response, asked = ask("POST", SECRETS, body=b"once")

    starting.join()
    assert (response.status, asked["body"]) == (418, "once")


@nobody_listens
def test_after_a_while_who_asks_is_told_so(ask):
    response, error = ask("GET", SECRETS)

    assert response.status == 503
    assert "may be being restarted" in error["detail"]


@pytest.mark.parametrize(
    ("method", "is_repeated"), [("GET", True), ("POST", False), ("DELETE", False)]
)
def test_a_change_that_may_have_been_made_is_not_asked_for_again(
    engine, ask, monkeypatch, method, is_repeated
):
    monkeypatch.setattr(Echo, f"do_{method}", hang_up)

    response, _ = ask(method, SECRETS)

    assert response.status == 503
    assert (engine.seen > 1) == is_repeated


def hang_up(handler):
    Echo.seen += 1
    handler.close_connection = True
