import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input

from orquestra.cli import prompts
from orquestra.cli.root import root
from tests.unit.cli.canned_engine import CannedEngine, token


@pytest.fixture
def engine() -> Iterator[CannedEngine]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            path = address.path
            canned.calls.append(f"{self.command} {self.path}")
            missing = (404, b'{"message": "not_found", "detail": "There is nothing of that id."}')
            status, body = canned.answers.get(path, missing)
            place = canned.redirects.get(path)
            self.send_response_only(307 if place else status)
            for name, value in canned.headers.items():
                self.send_header(name, value)
            if place:
                self.send_header("Location", f"{place}?{address.query}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_DELETE = do_GET  # noqa: N815 - the name is that of the library

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            canned.bodies[urlsplit(self.path).path] = sent
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        canned = CannedEngine(uri=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield canned
        server.shutdown()
        thread.join()


class Orq:
    """Runs the command line in this process."""

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(root, arguments, prog_name="orq")

    def json(self, *arguments: str) -> Any:
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def orq(tmp_path, monkeypatch) -> Orq:
    monkeypatch.setenv("ORQ_CONFIG_PATH", str(tmp_path / "config.json"))
    monkeypatch.setenv("ORQ_LOCAL_DATA", str(tmp_path / "local"))
    monkeypatch.setenv("COLUMNS", "200")
    return Orq()


@pytest.fixture
def logged_in(orq, engine) -> Orq:
    assert orq("login", "-s", engine.uri, "-t", token()).exit_code == 0
    return orq


class Keyboard:
    """What somebody types into the questions that are asked after this."""

    DOWN, ENTER, SPACE, CTRL_C = "\x1b[B", "\r", " ", "\x03"

    def __init__(self, terminal: Any) -> None:
        self._terminal = terminal

    def types(self, *keys: str) -> None:
        self._terminal.send_text("".join(keys))


@pytest.fixture
def keyboard(monkeypatch) -> Iterator[Keyboard]:
    """A terminal for the questions of commands; without this there is none."""
    monkeypatch.setattr(prompts, "is_interactive", lambda: True)
    with create_pipe_input() as terminal, create_app_session(input=terminal):
        yield Keyboard(terminal)


@pytest.fixture
def in_utc(monkeypatch) -> Iterator[None]:
    """Local times are those of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()
