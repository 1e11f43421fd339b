"""The internal API of a `MemoryEngine` on a Unix socket, and reading its secrets."""

import json
import re
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter

from orquestra.sdk.schema.cluster import CacheQuery, ClusterNode, EventBatch, NodeId, NodeRequest
from orquestra.sdk.schema.secrets import SecretDetails
from orquestra.sdk.schema.workflow_run import WorkflowRunId

if TYPE_CHECKING:
    from orquestra.executor.testing.memory_engine import MemoryEngine

_NODES = TypeAdapter(list[ClusterNode])
_SECRETS = "/api/config/secrets/"
_Answer = tuple[HTTPStatus, bytes]


class EngineSocket:
    """Serves an engine where its `head_start` says."""

    def __init__(self, engine: "MemoryEngine") -> None:
        """Listen, without an answer yet."""
        self._server = _Server(engine.head_start.engine_socket, _handler(engine))

    def open(self) -> None:
        """Answer calls from now on."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Take no more calls."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A head that is ended in the middle of a call is part of the tests."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(engine: "MemoryEngine") -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_DELETE = do_GET  # noqa: N815

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = self._answer(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _answer(self, body: bytes) -> _Answer:
            start = engine.head_start
            if self.path.startswith(_SECRETS):
                is_open = engine.opens(self.headers["Authorization"])
                return _secret(engine, self.path) if is_open else (HTTPStatus.UNAUTHORIZED, b"")
            if self.headers["Authorization"] != f"Bearer {start.token}":
                return HTTPStatus.UNAUTHORIZED, b""
            if engine.over:
                return HTTPStatus.GONE, b""
            if engine.broken:
                return HTTPStatus.INTERNAL_SERVER_ERROR, b"broken"
            path = self.path.removeprefix(f"/internal/clusters/{start.cluster_id}/")
            return _answer(engine, f"{self.command} {path}", body=body)

    return Handler


def _secret(engine: "MemoryEngine", target: str) -> _Answer:
    name = unquote(urlsplit(target).path.removeprefix(_SECRETS))
    if name not in engine.secrets:
        return HTTPStatus.NOT_FOUND, b""
    details = SecretDetails(name=name, value=engine.secrets[name])
    return HTTPStatus.OK, json.dumps({"data": {"details": details.model_dump()}}).encode()


def _answer(engine: "MemoryEngine", call: str, *, body: bytes) -> _Answer:
    if call == "POST events":
        engine.take_events(EventBatch.model_validate_json(body))
        return HTTPStatus.NO_CONTENT, b""
    if call == "POST nodes":
        nodes = engine.add_nodes(NodeRequest.model_validate_json(body))
        return HTTPStatus.OK, _NODES.dump_json(list(nodes))
    if match := re.fullmatch(r"POST runs/([^/]+)/cached", call):
        known = engine.built(WorkflowRunId(match[1])) is not None
        found = engine.cached(CacheQuery.model_validate_json(body))
        return (HTTPStatus.OK, _json(found)) if known else (HTTPStatus.GONE, b"")
    if match := re.fullmatch(r"DELETE nodes/(.+)", call):
        engine.remove_node(NodeId(match[1]))
        return HTTPStatus.NO_CONTENT, b""
    return _told(engine, call)


def _told(engine: "MemoryEngine", call: str) -> _Answer:
    if call == "GET nodes":
        return HTTPStatus.OK, _NODES.dump_json(list(engine.nodes.values()))
    if match := re.fullmatch(r"GET work\?after=(-?\d+)", call):
        return _work_answer(engine, int(match[1]))
    if match := re.fullmatch(r"GET runs/([^/]+)/(plan|definition)", call):
        return _run_answer(engine, WorkflowRunId(match[1]), what=match[2])
    return HTTPStatus.NOT_FOUND, b"no such thing"


def _work_answer(engine: "MemoryEngine", after: int) -> _Answer:
    work = engine.work(after)
    # It may have come to its end meanwhile.
    return (HTTPStatus.GONE, b"") if engine.over else (HTTPStatus.OK, _json(work))


def _run_answer(engine: "MemoryEngine", run_id: WorkflowRunId, *, what: str) -> _Answer:
    run = engine.built(run_id)
    if run is None:
        return HTTPStatus.GONE, b""
    return HTTPStatus.OK, _json(run.plan if what == "plan" else run.definition)


def _json(document: Any) -> bytes:
    return document.model_dump_json().encode()  # type: ignore[no-any-return]
