import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from orquestra.cli.root import root
from tests.unit.cli.canned_engine import CannedEngine, token


@pytest.fixture
def engine() -> Iterator[CannedEngine]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            canned.calls.append(f"{self.command} {self.path}")
            missing = (404, b'{"message": "not_found", "detail": "There is nothing of that id."}')
            status, body = canned.answers.get(path, missing)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
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
