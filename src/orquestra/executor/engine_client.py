"""The calls of a head to its engine. What tasks ask of it, `forwarder` hands on."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from orquestra.executor.errors import ClusterOver, EngineRefused, ExecutorError, RunOver
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    CacheAnswer,
    CacheQuery,
    ClusterNode,
    ClusterWork,
    EventBatch,
    NodeId,
    NodeRequest,
    RunPlan,
)
from orquestra.sdk.schema.starts import HeadStart
from orquestra.sdk.schema.workflow_run import WorkflowRunId

CALL_TIMEOUT = timedelta(seconds=60)
"""Also of the call for work, which the engine answers within 20 s."""

PATIENCE = timedelta(seconds=60)
"""How long an engine that answers with its own errors is asked again."""

_LONGEST_PAUSE = 2.0
_PIECE = 2**18
_NODES = TypeAdapter(list[ClusterNode])


class EngineClient:
    """The engine as a head sees it. May be used by several threads at once.

    An engine that is away (it may be restarted at any moment) is waited for without limit; one
    that answers with an error of its own is asked again for `PATIENCE`.

    Raises, from every method:
        ClusterOver: there is nothing left to do for this cluster.
        RunOver: from calls about one run, that run has ended.
        EngineRefused: the engine says no, or does not recover.
    """

    def __init__(self, start: HeadStart) -> None:
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=start.engine_socket),
            base_url=f"http://engine/internal/clusters/{quote(start.cluster_id, safe='')}/",
            headers={"Authorization": f"Bearer {start.token}"},
            timeout=CALL_TIMEOUT.total_seconds(),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def work(self, after: int) -> ClusterWork:
        """What there is to do, once its version is not `after`; the same again after a while."""
        return ClusterWork.model_validate_json(self._call("GET", f"work?after={after}").content)

    def plan(self, run_id: WorkflowRunId) -> RunPlan:
        """How to execute a run."""
        return RunPlan.model_validate_json(self._call_for(run_id, "GET", "plan").content)

    def definition(self, run_id: WorkflowRunId) -> ir.WorkflowDef:
        """The definition of a run."""
        content = self._call_for(run_id, "GET", "definition").content
        return ir.WorkflowDef.model_validate_json(content)

    def cached(self, run_id: WorkflowRunId, query: CacheQuery) -> CacheAnswer:
        """Results of earlier runs that a run may use again."""
        content = query.model_dump_json().encode()
        response = self._call_for(run_id, "POST", "cached", content=content)
        return CacheAnswer.model_validate_json(response.content)

    def post_events(self, batch: EventBatch) -> None:
        """Tell what happened. The engine counts a batch once, so repeating one does no harm."""
        self._call("POST", "events", content=batch.model_dump_json().encode())

    def nodes(self) -> Sequence[ClusterNode]:
        """The nodes that exist."""
        return _NODES.validate_json(self._call("GET", "nodes").content)

    def request_nodes(self, request: NodeRequest) -> Sequence[ClusterNode]:
        """Ask for more nodes."""
        content = request.model_dump_json().encode()
        return _NODES.validate_json(self._call("POST", "nodes", content=content).content)

    def release_node(self, node_id: NodeId) -> None:
        """Say that a node is no longer needed; one that is gone already is fine."""
        self._call("DELETE", f"nodes/{quote(node_id, safe='')}", absent_is_fine=True)

    def _call_for(
        self, run_id: WorkflowRunId, method: str, what: str, *, content: bytes | None = None
    ) -> httpx.Response:
        over = RunOver(f"Run {run_id} has ended")
        path = f"runs/{quote(run_id, safe='')}/{what}"
        return self._call(method, path, content=content, over=over)

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        over: ExecutorError | None = None,
        absent_is_fine: bool = False,
    ) -> httpx.Response:
        response = self._answer(method, path, content=content)
        if response.status_code == httpx.codes.GONE:
            raise over or ClusterOver("The engine has nothing left to do for this run cluster")
        if response.is_success or (
            absent_is_fine and response.status_code == httpx.codes.NOT_FOUND
        ):
            return response
        raise EngineRefused(
            f"The engine answered {method} {path} with {response.status_code}: "
            f"{response.text[:500]}"
        )

    def _answer(self, method: str, path: str, *, content: bytes | None) -> httpx.Response:
        headers = {}
        if content is not None:
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        patience = _Patience()
        for pause in _pauses():
            body = None if content is None else pieces(content)
            try:
                response = self._http.request(method, path, content=body, headers=headers)
            except httpx.ConnectError:
                # Nobody is there: the engine is being restarted.
                patience = _Patience()
            except httpx.TransportError as error:
                if patience.is_over():
                    raise EngineRefused(f"{method} {path} broke off: {error}") from error
            else:
                if not response.is_server_error or patience.is_over():
                    return response
            time.sleep(pause)
        raise AssertionError("pauses never end")


class _Patience:
    """Begins with the first trouble and lasts for `PATIENCE`."""

    def __init__(self) -> None:
        self._end: float | None = None

    def is_over(self) -> bool:
        """Whether it has been asked for longer than it lasts."""
        now = time.monotonic()
        if self._end is None:
            self._end = now + PATIENCE.total_seconds()
        return now > self._end


def pieces(content: bytes, *, size: int = _PIECE) -> Iterator[bytes]:
    """Cut a body into pieces.

    What httpx is given whole it copies anew after every send to the socket: 100 MB take 10 s,
    in pieces 0.1 s.
    """
    view = memoryview(content)
    for start in range(0, len(view), size):
        yield bytes(view[start : start + size])


def _pauses() -> Iterator[float]:
    pause = 0.05
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)
