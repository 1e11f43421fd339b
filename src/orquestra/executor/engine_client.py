"""The calls of a head to its engine. The only place of the executor that speaks HTTP."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from orquestra.executor.errors import EngineRefused, RunOver
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    FORMAT_HEADER,
    ClusterNode,
    EventBatch,
    HeadStart,
    NodeId,
    NodeRequest,
    RunPlan,
)
from orquestra.sdk.values import SerializedValue

CALL_TIMEOUT = timedelta(seconds=60)
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
        RunOver: the run has ended.
        EngineRefused: the engine says no, or does not recover.
    """

    def __init__(self, start: HeadStart) -> None:
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=start.engine_socket),
            base_url=f"http://engine/internal/runs/{quote(start.run_id, safe='')}/",
            headers={"Authorization": f"Bearer {start.token}"},
            timeout=CALL_TIMEOUT.total_seconds(),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def plan(self) -> RunPlan:
        """What to run."""
        return RunPlan.model_validate_json(self._call("GET", "plan").content)

    def post_events(self, batch: EventBatch) -> None:
        """Tell what happened. The engine counts a batch once, so repeating one does no harm."""
        self._call("POST", "events", content=batch.model_dump_json().encode())

    def put_artifact(self, artifact_id: ir.ArtifactNodeId, value: SerializedValue) -> None:
        """Store one value."""
        self._call(
            "PUT",
            f"artifacts/{quote(artifact_id, safe='')}",
            content=value.data,
            headers={FORMAT_HEADER: value.format.value},
        )

    def get_artifact(self, artifact_id: ir.ArtifactNodeId) -> SerializedValue:
        """Fetch one value that was stored."""
        response = self._call("GET", f"artifacts/{quote(artifact_id, safe='')}")
        stored_format = ir.ArtifactFormat(response.headers[FORMAT_HEADER])
        return SerializedValue(format=stored_format, data=response.content)

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

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        absent_is_fine: bool = False,
    ) -> httpx.Response:
        response = self._answer(method, path, content=content, headers=headers or {})
        if response.status_code == httpx.codes.GONE:
            raise RunOver("The engine has ended this run")
        if response.is_success or (
            absent_is_fine and response.status_code == httpx.codes.NOT_FOUND
        ):
            return response
        raise EngineRefused(
            f"The engine answered {method} {path} with {response.status_code}: "
            f"{response.text[:500]}"
        )

    def _answer(
        self, method: str, path: str, *, content: bytes | None, headers: dict[str, str]
    ) -> httpx.Response:
        if content is not None:
            headers = {
                "Content-Type": _kind(path),
                "Content-Length": str(len(content)),
                **headers,
            }
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


def _kind(path: str) -> str:
    return "application/octet-stream" if path.startswith("artifacts/") else "application/json"


def _pauses() -> Iterator[float]:
    pause = 0.05
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)
