"""An engine with one run cluster, in memory: its internal API on a Unix socket."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from orquestra.executor.autoscaling import HEAD_ID
from orquestra.executor.exchange import Exchange
from orquestra.executor.testing.engine_socket import EngineSocket
from orquestra.executor.testing.plans import Built
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    AttemptsBegan,
    AttemptsEnded,
    CacheAnswer,
    CachedResult,
    CacheQuery,
    Cause,
    ClusterId,
    ClusterNode,
    ClusterWork,
    CommitsPinned,
    Event,
    EventBatch,
    HeadBegan,
    MapOpened,
    NodeId,
    NodeJoined,
    NodeRequest,
    NodeSize,
    NodeState,
    PoolId,
    PoolPlan,
    RunFinished,
    RunPlan,
    StoredValue,
)
from orquestra.sdk.schema.starts import Folders, HeadStart, NodeStart
from orquestra.sdk.schema.workflow_run import WorkflowRunId

HEAD_SIZE = NodeSize(cpu=1, memory=2 * 2**30, gpu=0)
WORK_WAIT_SECONDS = 20.0
HEAD_SECONDS = 60.0

_EventT = TypeVar("_EventT")


class NodeLauncher(Protocol):
    """Starts and stops nodes for a `MemoryEngine`."""

    def launch(self, start: NodeStart) -> None:
        """Start a node."""
        ...

    def stop(self, node_id: NodeId) -> None:
        """Stop a node; one that is gone already is fine."""
        ...


class MemoryEngine:
    """The engine as the head of one cluster sees it. A context: the socket is open inside.

    `folder` holds the socket and what the cluster shares. Runs are submitted at any time; nodes
    are started through the launcher; without one they are only noted.

    Attributes hold what has happened: `events` in order of arrival, `stored` values by run and
    artifact, and `nodes` with their last state; `requests` are the node requests as they came.
    """

    def __init__(
        self,
        *runs: Built,
        folder: Path,
        launcher: NodeLauncher | None = None,
        idle_timeout_seconds: float = 60,
        wait_seconds: float = WORK_WAIT_SECONDS,
    ) -> None:
        self.events: list[Event] = []
        self.stored: dict[WorkflowRunId, dict[ir.ArtifactNodeId, StoredValue]] = {}
        self.nodes: dict[NodeId, ClusterNode] = {}
        self.requests: list[NodeRequest] = []
        self.remembered: dict[str, CachedResult] = {}
        """Set to what earlier runs have made, by keys of the cache."""
        self.secrets: dict[str, str] = {}
        """Set to secrets, by what their paths end in; the tokens of runs open them."""
        self.over = False
        """Set to answer every call with 410."""
        self.broken = False
        """Set to answer every call with 500."""
        self._folders = _shared_folders(folder)
        self._start = HeadStart(
            cluster_id=ClusterId("cluster-1"),
            engine_socket=str(folder / "engine.sock"),
            token=uuid.uuid4().hex,
            ray_token=uuid.uuid4().hex,
            size=HEAD_SIZE,
            folders=self._folders,
            loopback=True,
        )
        self._runs: dict[WorkflowRunId, Built] = {}
        self._pools: dict[PoolId, PoolPlan] = {}
        self._version = time.time_ns()
        self._idle_timeout_seconds = idle_timeout_seconds
        self._wait_seconds = wait_seconds
        self._launcher = launcher
        self._launches = ThreadPoolExecutor(4, thread_name_prefix="launch")
        self._seen: set[tuple[str, int]] = set()
        self._closed = False
        self._changed = threading.Condition()
        self._socket = EngineSocket(self)
        self.submit(*runs)

    @property
    def head_start(self) -> HeadStart:
        """What a head of this engine is started with."""
        return self._start

    def __enter__(self) -> Self:
        self._socket.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._socket.close()
        self._launches.shutdown()
        for node_id in self.nodes:
            self._stop(node_id)

    def submit(self, *runs: Built) -> None:
        """Add runs to what the cluster is to do, and the pools they use."""
        with self._changed:
            for run in runs:
                self._runs[run.plan.run_id] = run
                self._pools |= {pool.id: pool for pool in run.pools}
            self._announce()

    def add_pools(self, *pools: PoolPlan) -> None:
        """Let the cluster have pools, before a run uses them."""
        with self._changed:
            self._pools |= {pool.id: pool for pool in pools}
            self._announce()

    def close_cluster(self) -> None:
        """Be done with the cluster: every call is answered with 410 from now on."""
        with self._changed:
            self.over = True
            self._announce()

    def end(self, run_id: WorkflowRunId) -> None:
        """End a run, as when its user stops it."""
        with self._changed:
            self._runs.pop(run_id, None)
            self._announce()

    def work(self, after: int) -> ClusterWork:
        """What there is to do, as soon as its version is not `after`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._version != after or self._closed, timeout=self._wait_seconds
            )
            return ClusterWork(
                version=self._version,
                runs=list(self._runs),
                pools=list(self._pools.values()),
                idle_timeout_seconds=self._idle_timeout_seconds,
            )

    def built(self, run_id: WorkflowRunId) -> Built | None:
        """A run that has not ended, with what earlier heads have stored and tried."""
        with self._changed:
            run = self._runs.get(run_id)
            if run is None:
                return None
            stored = [*run.plan.stored, *self.stored.get(run_id, {}).values()]
            lengths = {
                opened.invocation_id: opened.length
                for opened in self.events_of(MapOpened)
                if opened.run_id == run_id
            }
            commits = dict(run.plan.commits)
            for pinned in self.events_of(CommitsPinned):
                if pinned.run_id == run_id:
                    commits = commits or pinned.commits
            update = {
                "stored": stored,
                "attempts_made": self._attempts_made(run.plan),
                "lengths": lengths,
                "tries": self._tries(run.plan),
                "commits": commits,
            }
            return Built(
                plan=run.plan.model_copy(update=update),
                definition=run.definition,
                pools=run.pools,
            )

    def cached(self, query: CacheQuery) -> CacheAnswer:
        """The results among `remembered` that are asked for."""
        return CacheAnswer(results=[self.remembered.get(key) for key, _ in query.keys])

    def opens(self, authorization: str | None) -> bool:
        """Whether a header shows the token of a run that has not ended."""
        with self._changed:
            contexts = [run.plan.context for run in self._runs.values()]
        return authorization in {f"Bearer {context.token}" for context in contexts if context}

    def result(self, run_id: WorkflowRunId, artifact_id: ir.ArtifactNodeId) -> Any:
        """A stored value, decoded."""
        location = self.stored[run_id][artifact_id].location
        return Exchange(Path(self._folders.exchange)).read(location)

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

    def finished(self, run_id: WorkflowRunId, *, seconds: float) -> RunFinished:
        """Wait for the end of a run."""
        self.wait_for(lambda: run_id in {end.run_id for end in self.ends()}, seconds=seconds)
        return [end for end in self.ends() if end.run_id == run_id][-1]

    def ends(self) -> list[RunFinished]:
        """The ends of runs so far."""
        return self.events_of(RunFinished)

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
                self._take(event)
            self._changed.notify_all()

    def add_nodes(self, request: NodeRequest) -> Sequence[ClusterNode]:
        """Make nodes, at most as many as the pool may have."""
        with self._changed:
            known = {request.request_id for request in self.requests}
            if self._closed or request.request_id in known:
                return []
            self.requests.append(request)
            pool = self._pools[request.pool_id]
            present = [node for node in self.live_nodes() if node.pool_id == pool.id]
            count = min(request.count, pool.max_nodes - len(present))
            nodes = [_node(request) for _ in range(count)]
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

    def _announce(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _take(self, event: Event) -> None:
        if isinstance(event, NodeJoined):
            self.set_state(event.node_id, NodeState.READY)
        if isinstance(event, AttemptsEnded):
            values = {value.artifact_id: value for value in event.values}
            self.stored.setdefault(event.run_id, {}).update(values)
        if isinstance(event, RunFinished):
            self.end(event.run_id)

    def _attempts_made(self, plan: RunPlan) -> dict[ir.TaskInvocationId, int]:
        made = dict(plan.attempts_made)
        for event in self.events:
            if isinstance(event, AttemptsBegan | AttemptsEnded) and event.run_id == plan.run_id:
                for attempt in event.attempts:
                    known = made.get(attempt.invocation_id, 0)
                    made[attempt.invocation_id] = max(known, attempt.attempt)
        return made

    def _tries(self, plan: RunPlan) -> dict[ir.TaskInvocationId, dict[Cause, int]]:
        tries = {name: Counter(counts) for name, counts in plan.tries.items()}
        for ended in self.events_of(AttemptsEnded):
            for attempt in ended.attempts if ended.run_id == plan.run_id else ():
                if attempt.cause is not None:
                    tries.setdefault(attempt.invocation_id, Counter())[attempt.cause] += 1
        return {name: dict(counts) for name, counts in tries.items()}

    def _launch(self, node: ClusterNode, size: NodeSize) -> None:
        if self._launcher:
            # Ray may want a node before the driver has told where the head is.
            self.wait_for(
                lambda: bool(self.events_of(HeadBegan)) or self._closed, seconds=HEAD_SECONDS
            )
            start = NodeStart(
                cluster_id=self._start.cluster_id,
                node_id=node.id,
                pool_id=node.pool_id,
                head_address=self.events_of(HeadBegan)[-1].address,
                ray_token=self._start.ray_token,
                size=size,
                folders=self._folders,
                loopback=True,
            )
            self._launcher.launch(start)

    def _stop(self, node_id: NodeId) -> None:
        if self._launcher and node_id != HEAD_ID:
            self._launcher.stop(node_id)


def _node(request: NodeRequest) -> ClusterNode:
    node_id = NodeId(f"{request.pool_id}-{uuid.uuid4().hex[:6]}")
    return ClusterNode(
        id=node_id, pool_id=request.pool_id, state=NodeState.STARTING, tags=request.tags
    )


def _shared_folders(folder: Path) -> Folders:
    exchange, environments = folder / "exchange", folder / "environments"
    exchange.mkdir()
    environments.mkdir()
    return Folders(exchange=str(exchange), environments=str(environments))
