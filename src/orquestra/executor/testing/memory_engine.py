"""The engine of one run, in memory: its internal API on a Unix socket."""

import re
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from pydantic import TypeAdapter

from orquestra.executor.autoscaling import HEAD_ID
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    FORMAT_HEADER,
    ClusterNode,
    Event,
    EventBatch,
    HeadStart,
    NodeId,
    NodeJoined,
    NodeRequest,
    NodeSize,
    NodeStart,
    NodeState,
    RunFinished,
    RunPlan,
    TaskStarted,
)
from orquestra.sdk.values import SerializedValue

HEAD_SIZE = NodeSize(cpu=1, memory=2 * 2**30, gpu=0)

_EventT = TypeVar("_EventT")
_NODES = TypeAdapter(list[ClusterNode])


class NodeLauncher(Protocol):
    """Starts and stops nodes for a `MemoryEngine`."""

    def launch(self, start: NodeStart) -> None:
        """Start a node."""
        ...

    def stop(self, node_id: NodeId) -> None:
        """Stop a node; one that is gone already is fine."""
        ...


class MemoryEngine:
    """The engine of one run, as its head sees it. A context: the socket is open inside.

    Nodes are started through the launcher; without one they are only noted.

    Attributes hold what has happened: `events` in order of arrival, `artifacts` by id, and
    `nodes` with their last state; `requests` are the node requests as they came.
    """

    def __init__(
        self,
        plan: RunPlan,
        *,
        socket: Path,
        launcher: NodeLauncher | None = None,
        head_host: str = "127.0.0.1",
    ) -> None:
        self.plan = plan
        self.events: list[Event] = []
        self.artifacts: dict[str, SerializedValue] = {}
        self.nodes: dict[NodeId, ClusterNode] = {}
        self.requests: list[NodeRequest] = []
        self.over = False
        """Set to answer every call with 410."""
        self.broken = False
        """Set to answer every call with 500."""
        self._start = HeadStart(
            run_id=plan.run_id,
            engine_socket=str(socket),
            token=uuid.uuid4().hex,
            ray_token=uuid.uuid4().hex,
            size=HEAD_SIZE,
        )
        self._launcher = launcher
        self._launches = ThreadPoolExecutor(4, thread_name_prefix="launch")
        self._head_host = head_host
        self._seen: set[tuple[str, int]] = set()
        self._closed = False
        self._changed = threading.Condition()
        self._server = _Server(str(socket), _handler(self))

    @property
    def head_start(self) -> HeadStart:
        """What a head of this engine is started with."""
        return self._start

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        with self._changed:
            self._closed = True
        self._launches.shutdown()
        for node_id in self.nodes:
            self._stop(node_id)

    def current_plan(self) -> RunPlan:
        """The plan as a head gets it: with what earlier heads have stored and tried."""
        attempts = {**self.plan.attempts_made}
        for event in self.events_of(TaskStarted):
            attempts[event.invocation_id] = max(event.attempt, attempts.get(event.invocation_id, 0))
        stored = dict.fromkeys([*self.plan.stored, *map(ir.ArtifactNodeId, self.artifacts)])
        return self.plan.model_copy(update={"stored": [*stored], "attempts_made": attempts})

    def events_of(self, kind: type[_EventT]) -> list[_EventT]:
        """The events of one type so far."""
        with self._changed:
            return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> None:
        """Wait until something has happened.

        Raises:
            TimeoutError: it has not.
        """
        with self._changed:
            if not self._changed.wait_for(condition, timeout=seconds):
                raise TimeoutError(f"Not within {seconds} s; so far: {self.events[-20:]}")

    def finished(self, *, seconds: float) -> RunFinished:
        """Wait for the end of the run."""
        self.wait_for(lambda: bool(self.events_of(RunFinished)), seconds=seconds)
        return self.events_of(RunFinished)[-1]

    def live_nodes(self) -> list[ClusterNode]:
        """The nodes that have not been given back or lost."""
        with self._changed:
            return [node for node in self.nodes.values() if not node.state.is_final()]

    def set_state(self, node_id: NodeId, state: NodeState) -> None:
        """Change what the head is told about a node."""
        with self._changed:
            self.nodes[node_id] = self.nodes[node_id].model_copy(update={"state": state})
            self._changed.notify_all()

    def take_events(self, batch: EventBatch) -> None:
        """Count a batch, once."""
        with self._changed:
            key = (batch.sender, batch.sequence)
            if key in self._seen:
                return
            self._seen.add(key)
            self.events.extend(batch.events)
            for event in batch.events:
                if isinstance(event, NodeJoined):
                    self.set_state(event.node_id, NodeState.READY)
            self._changed.notify_all()

    def add_nodes(self, request: NodeRequest) -> Sequence[ClusterNode]:
        """Make nodes, at most as many as the pool may have."""
        with self._changed:
            known = {request.request_id for request in self.requests}
            if self._closed or request.request_id in known:
                return []
            self.requests.append(request)
            pool = next(pool for pool in self.plan.pools if pool.id == request.pool_id)
            present = [node for node in self.live_nodes() if node.pool_id == pool.id]
            count = min(request.count, pool.max_nodes - len(present))
            nodes = [self._node(request) for _ in range(count)]
            self.nodes.update({node.id: node for node in nodes})
            self._changed.notify_all()
            for node in nodes:
                self._launches.submit(self._launch, node, pool.size)
        return nodes

    def remove_node(self, node_id: NodeId) -> None:
        """Stop a node; one that is gone already is fine."""
        if node_id not in self.nodes:
            return
        with self._changed:
            self.set_state(node_id, NodeState.STOPPED)
            if not self._closed:
                self._launches.submit(self._stop, node_id)

    def _node(self, request: NodeRequest) -> ClusterNode:
        node_id = NodeId(f"{request.pool_id}-{uuid.uuid4().hex[:6]}")
        return ClusterNode(
            id=node_id, pool_id=request.pool_id, state=NodeState.STARTING, tags=request.tags
        )

    def _launch(self, node: ClusterNode, size: NodeSize) -> None:
        if self._launcher:
            start = NodeStart(
                run_id=self.plan.run_id,
                node_id=node.id,
                pool_id=node.pool_id,
                head_host=self._head_host,
                ray_token=self._start.ray_token,
                size=size,
            )
            self._launcher.launch(start)

    def _stop(self, node_id: NodeId) -> None:
        if self._launcher and node_id != HEAD_ID:
            self._launcher.stop(node_id)


class _Server(ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A head that is ended in the middle of a call is part of the tests."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


_Answer = tuple[HTTPStatus, bytes, dict[str, str]]


def _handler(engine: MemoryEngine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content, headers = self._answer(body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def _answer(self, body: bytes) -> _Answer:
            token = engine.head_start.token
            if self.headers["Authorization"] != f"Bearer {token}":
                return HTTPStatus.UNAUTHORIZED, b"", {}
            if engine.over:
                return HTTPStatus.GONE, b"", {}
            if engine.broken:
                return HTTPStatus.INTERNAL_SERVER_ERROR, b"broken", {}
            prefix = f"/internal/runs/{engine.plan.run_id}/"
            call = f"{self.command} {self.path.removeprefix(prefix)}"
            stored_format = self.headers.get(FORMAT_HEADER, "")
            return _answer(engine, call, body=body, stored_format=stored_format)

    return Handler


def _answer(engine: MemoryEngine, call: str, *, body: bytes, stored_format: str) -> _Answer:
    if call == "GET plan":
        return HTTPStatus.OK, engine.current_plan().model_dump_json().encode(), {}
    if call == "POST events":
        engine.take_events(EventBatch.model_validate_json(body))
        return HTTPStatus.NO_CONTENT, b"", {}
    if call == "GET nodes":
        return HTTPStatus.OK, _NODES.dump_json(list(engine.nodes.values())), {}
    if call == "POST nodes":
        nodes = engine.add_nodes(NodeRequest.model_validate_json(body))
        return HTTPStatus.OK, _NODES.dump_json(list(nodes)), {}
    if match := re.fullmatch(r"DELETE nodes/(.+)", call):
        engine.remove_node(NodeId(match[1]))
        return HTTPStatus.NO_CONTENT, b"", {}
    return _artifact_answer(engine, call, body=body, stored_format=stored_format)


def _artifact_answer(
    engine: MemoryEngine, call: str, *, body: bytes, stored_format: str
) -> _Answer:
    if match := re.fullmatch(r"PUT artifacts/(.+)", call):
        value = SerializedValue(format=ir.ArtifactFormat(stored_format), data=body)
        engine.artifacts[match[1]] = value
        return HTTPStatus.NO_CONTENT, b"", {}
    match = re.fullmatch(r"GET artifacts/(.+)", call)
    if match and match[1] in engine.artifacts:
        value = engine.artifacts[match[1]]
        return HTTPStatus.OK, value.data, {FORMAT_HEADER: value.format.value}
    return HTTPStatus.NOT_FOUND, b"no such thing", {}
