"""What the engine and a run cluster say to each other.

A run cluster executes one run, or, on the local runtime, all runs of its user. Its head calls the
engine, never the other way round, with the token of the cluster. Below `/internal/clusters/{id}`:

| call | meaning |
|---|---|
| `GET work?after=N` | what there is to do, as soon as its version is not N: `ClusterWork` |
| `GET runs/{run}/plan` | how to execute a run: `RunPlan` |
| `GET runs/{run}/definition` | its definition, as it was submitted: a `WorkflowDef` |
| `POST runs/{run}/cached` | results of earlier runs to use again: `CacheQuery`, a `CacheAnswer` |
| `POST events` | what happened: `EventBatch`, each batch counted once |
| `GET nodes` | the nodes that exist: a list of `ClusterNode` |
| `POST nodes` | more nodes wanted: `NodeRequest`, a list of `ClusterNode` |
| `DELETE nodes/{node}` | a node no longer needed |

A cluster that is over answers every call with 410: there is nothing left to do. So does a run that
has ended, for the calls below `runs/{run}`; its late events are taken and dropped.

Values do not travel over these calls. Workers write them into files of the cluster's *exchange*, a
folder that head, nodes and engine share; what is told is where they lie (`Location`).

Beside these, the engine answers a head the calls below `/api/config/secrets` of its public API,
with the token of a run instead of the cluster's: the head hands on what tasks ask for.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Literal, NamedTuple, NewType

from pydantic import Field

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.documents import Document
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId

ClusterId = NewType("ClusterId", str)
PoolId = NewType("PoolId", str)
NodeId = NewType("NodeId", str)


HOST_IMAGE = "host"
"""In place of an image: processes of the engine's machine, in its own Python environment."""


class NodeSize(Document):
    """What one node has: CPU cores, bytes of memory, whole GPUs."""

    cpu: float
    memory: int
    gpu: int


class PoolPlan(Document):
    """The nodes of one image: at least `min_nodes` and at most `max_nodes` at any instant.

    `boot_seconds` is how long such a node takes to join, where the engine has seen some. `digest`
    names the content of the image, whatever becomes of its tag; null for host processes.
    """

    id: PoolId
    image: str
    min_nodes: int
    max_nodes: int
    size: NodeSize
    boot_seconds: float | None = None
    digest: str | None = None


class ClusterWork(Document):
    """What a run cluster is to do now. `version` changes whenever anything else in it does.

    A run that is not listed any more has ended: its tasks are called off.
    """

    version: int
    runs: list[WorkflowRunId]
    pools: list[PoolPlan]
    idle_timeout_seconds: float


class ValueFormat(Enum):
    """How the bytes of a value are to be read.

    `JSON` is UTF-8 text, `ENCODED_PICKLE` a plain pickle, `BUFFERED_PICKLE` a pickle whose large
    buffers lie beside it (`orquestra.sdk.buffered_pickles`).
    """

    JSON = "JSON"
    ENCODED_PICKLE = "ENCODED_PICKLE"
    BUFFERED_PICKLE = "BUFFERED_PICKLE"


class Location(NamedTuple):
    """Where a value lies: bytes of one file of the exchange, which never change.

    Files are named `<run>.<worker>.<number>`: letters, digits, `-`, `_` and dots.
    """

    file: str
    offset: int
    size: int
    format: ValueFormat


class StoredValue(NamedTuple):
    """An artifact and where it lies."""

    artifact_id: ir.ArtifactNodeId
    location: Location


class Cause(Enum):
    """Why an attempt failed, as far as it counts for the retries of its task."""

    TASK = "TASK"
    """It raised an exception, or took too long: `ir.TaskDef.retry_policy` counts."""
    CRASH = "CRASH"
    """Its process died: `ir.TaskDef.max_retries` counts."""
    NODE_LOST = "NODE_LOST"


class RunContext(Document):
    """Whom and what a run belongs to, as its tasks are told.

    `cluster` is the engine's public address. `token` opens the run's own secrets, through the
    head, as long as the run executes. On the local runtime tasks are told the token only.
    """

    owner: str
    workspace_id: str
    project_id: str
    cluster: str
    token: str = Field(repr=False)


class RunPlan(Document):
    """How to execute one run. Its definition is fetched by a call of its own.

    `invocations` says which pool each invocation runs in. `stored` lists artifacts that exist
    already (the engine has put them into the exchange), and `attempts_made` counts the attempts of
    each invocation so far: both are empty at first, and let a new head go on where a lost one
    ended. `working_directory` is where host processes run the tasks, on the local runtime.
    `max_nodes` is how many nodes of each pool this run may use. `lengths` are those of the maps
    that have been opened so far, `tries` how often the attempts of each invocation have used up
    its retries, and `commits` the references of Git imports that this run has been pinned to.
    """

    run_id: WorkflowRunId
    dry_run: bool
    invocations: dict[PoolId, list[ir.TaskInvocationId]]
    max_nodes: dict[PoolId, int]
    stored: list[StoredValue]
    attempts_made: dict[ir.TaskInvocationId, int] = Field(default_factory=dict)
    working_directory: str | None = None
    lengths: dict[ir.TaskInvocationId, int] = Field(default_factory=dict)
    tries: dict[ir.TaskInvocationId, dict[Cause, int]] = Field(default_factory=dict)
    commits: dict[ir.ImportId, str] = Field(default_factory=dict)
    context: RunContext | None = None


class NodeState(Enum):
    """Life of a node. Only the last two are final."""

    REQUESTED = "REQUESTED"
    PULLING = "PULLING"
    STARTING = "STARTING"
    READY = "READY"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"

    def is_final(self) -> bool:
        """Whether the node is gone for good."""
        return self in (NodeState.STOPPED, NodeState.FAILED)


class ClusterNode(Document):
    """A node as Ray's autoscaler sees it; `tags` are the autoscaler's own and kept for it."""

    id: NodeId
    pool_id: PoolId
    state: NodeState
    tags: dict[str, str]


class NodeRequest(Document):
    """`count` more nodes of a pool. Asking twice with one `request_id` counts once."""

    request_id: str
    pool_id: PoolId
    count: int
    tags: dict[str, str]


class HeadBegan(Document):
    """The executor is at work; nodes reach the head at `address`."""

    type: Literal["head_began"] = "head_began"
    at: datetime
    address: str


class NodeJoined(Document):
    """A node has joined the run cluster."""

    type: Literal["node_joined"] = "node_joined"
    at: datetime
    node_id: NodeId


class RunStarted(Document):
    """The executor has begun to walk the graph of a run."""

    type: Literal["run_started"] = "run_started"
    run_id: WorkflowRunId
    at: datetime


class RunFinished(Document):
    """A run has ended; `message` says why it failed."""

    type: Literal["run_finished"] = "run_finished"
    run_id: WorkflowRunId
    at: datetime
    state: State
    message: str | None = None


class MapOpened(Document):
    """A map is about to run its elements: there are so many."""

    type: Literal["map_opened"] = "map_opened"
    run_id: WorkflowRunId
    invocation_id: ir.TaskInvocationId
    length: int


class CommitsPinned(Document):
    """References of Git imports (branches, tags) as a run sees them until its end; told once."""

    type: Literal["commits_pinned"] = "commits_pinned"
    run_id: WorkflowRunId
    commits: dict[ir.ImportId, str]


class AttemptBeginning(NamedTuple):
    """An attempt that runs. Times are Unix seconds.

    `ready_at`: all its inputs were there. `worker_ready_at`: its worker could begin tasks.
    """

    invocation_id: ir.TaskInvocationId
    attempt: int
    node_id: NodeId
    ready_at: float
    worker_ready_at: float
    started_at: float


class AttemptsBegan(Document):
    """Attempts of a run that have begun. Short ones are told with their end only."""

    type: Literal["attempts_began"] = "attempts_began"
    run_id: WorkflowRunId
    attempts: list[AttemptBeginning]


class AttemptEnding(NamedTuple):
    """An attempt that has ended: SUCCEEDED, or FAILED with a message.

    `final` is false where another attempt follows. Times are Unix seconds as in
    `AttemptBeginning`; `node_id`, `worker_ready_at` and `started_at` are null for an attempt that
    ended before it began (its environment could not be made, its node was lost). With a
    `cache_key` the engine remembers the values of a success under it. An attempt that used such
    values again has no node, and a `message` that says so. `cause` is null for a success, and for
    a failure that nothing follows in any case.
    """

    invocation_id: ir.TaskInvocationId
    attempt: int
    state: State
    final: bool
    node_id: NodeId | None
    ready_at: float
    worker_ready_at: float | None
    started_at: float | None
    ended_at: float
    message: str | None
    cache_key: str | None = None
    cause: Cause | None = None


class AttemptsEnded(Document):
    """Attempts of a run that have ended, and the values they made: recorded together."""

    type: Literal["attempts_ended"] = "attempts_ended"
    run_id: WorkflowRunId
    attempts: list[AttemptEnding]
    values: list[StoredValue]


class LogKind(Enum):
    """Whose output a log line is."""

    TASK = "task"
    ENV_SETUP = "env_setup"
    SYSTEM = "system"
    OTHER = "other"


class LogStream(Enum):
    """Standard output or standard error."""

    OUT = "out"
    ERR = "err"


class LogLine(Document):
    """One line, without its end; `at` is Unix seconds, up to the end of the year 9999."""

    at: float = Field(ge=0, lt=253_402_300_800)
    text: str


class LogLines(Document):
    """Lines of one source, in order. `invocation_id` is set where `kind` is TASK."""

    type: Literal["log_lines"] = "log_lines"
    run_id: WorkflowRunId
    kind: LogKind
    stream: LogStream
    lines: list[LogLine]
    invocation_id: ir.TaskInvocationId | None = None
    node_id: NodeId | None = None


Event = Annotated[
    HeadBegan
    | NodeJoined
    | RunStarted
    | RunFinished
    | MapOpened
    | CommitsPinned
    | AttemptsBegan
    | AttemptsEnded
    | LogLines,
    Field(discriminator="type"),
]


class EventBatch(Document):
    """Events in order. A sender numbers its batches from 1; a number seen before is ignored."""

    sender: str
    sequence: int
    events: list[Event]


class CacheQuery(Document):
    """Keys under which results may have been remembered, with the ages that count (seconds)."""

    keys: list[tuple[str, float | None]]


class CachedValue(NamedTuple):
    """A value of a remembered result: all of it (`element` null) or one of its outputs."""

    element: int | None
    location: Location


class CachedResult(Document):
    """A remembered result, put into the exchange, and the run that it comes from."""

    run_id: WorkflowRunId
    values: list[CachedValue]


class CacheAnswer(Document):
    """What is remembered under each key, in the order in which they were asked for."""

    results: list[CachedResult | None]
