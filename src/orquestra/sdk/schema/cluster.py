"""What the engine and a run cluster say to each other.

The head of a run cluster calls the engine, never the other way round, with the token of its run:

| call | meaning |
|---|---|
| `GET /internal/runs/{run}/plan` | what to run: `RunPlan` |
| `POST /internal/runs/{run}/events` | what happened: `EventBatch`, each batch counted once |
| `PUT /internal/runs/{run}/artifacts/{artifact}` | one value, as bytes with its format |
| `GET /internal/runs/{run}/artifacts/{artifact}` | the same back |
| `GET /internal/runs/{run}/nodes` | the nodes that exist: a list of `ClusterNode` |
| `POST /internal/runs/{run}/nodes` | more nodes wanted: `NodeRequest`, a list of `ClusterNode` |
| `DELETE /internal/runs/{run}/nodes/{node}` | a node no longer needed |

A run that has ended answers every call with 410: its executor has nothing left to do.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Literal, NewType

from pydantic import Field

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.ir import Document
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId

PoolId = NewType("PoolId", str)
NodeId = NewType("NodeId", str)

FORMAT_HEADER = "X-Orquestra-Format"
"""Header of an artifact's bytes: `JSON` (UTF-8 text) or `ENCODED_PICKLE` (a raw pickle)."""


class NodeSize(Document):
    """What one node has: CPU cores, bytes of memory, whole GPUs."""

    cpu: float
    memory: int
    gpu: int


class PoolPlan(Document):
    """The nodes of one image in this run, at most `max_nodes` at any instant."""

    id: PoolId
    image: str
    max_nodes: int
    size: NodeSize


class RunPlan(Document):
    """All that an executor needs to know.

    `stored` lists artifacts that exist already, and `attempts_made` counts the attempts of each
    invocation so far: both are empty at first, and let a new head go on where a lost one ended.
    """

    run_id: WorkflowRunId
    definition: ir.WorkflowDef
    dry_run: bool
    pools: list[PoolPlan]
    pool_of_invocation: dict[ir.TaskInvocationId, PoolId]
    stored: list[ir.ArtifactNodeId]
    attempts_made: dict[ir.TaskInvocationId, int] = Field(default_factory=dict)
    idle_timeout_seconds: float


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


START_VARIABLE = "ORQUESTRA_START"
"""Environment variable of a container: JSON of its `HeadStart` or `NodeStart`."""

HEAD_COMMAND = ("python", "-m", "orquestra.executor", "head")
NODE_COMMAND = ("python", "-m", "orquestra.executor", "node")
"""What the engine runs in a head's and in a node's container, whatever its image says."""


class HeadStart(Document):
    """What a head is told: where the engine listens, and the keys of its run.

    `engine_socket` is the path of the engine's Unix socket inside the container. `token` opens
    the internal API for this run only; `ray_token` is what every Ray process of the run shows.
    """

    run_id: WorkflowRunId
    engine_socket: str
    token: str
    ray_token: str
    size: NodeSize


class NodeStart(Document):
    """What a node is told: who it is, what it has, and where its head is (a host name)."""

    run_id: WorkflowRunId
    node_id: NodeId
    pool_id: PoolId
    head_host: str
    ray_token: str
    size: NodeSize


class RunStarted(Document):
    """The executor has begun to walk the graph."""

    type: Literal["run_started"] = "run_started"
    at: datetime


class RunFinished(Document):
    """The run has ended; `message` says why it failed."""

    type: Literal["run_finished"] = "run_finished"
    at: datetime
    state: State
    message: str | None = None


class NodeJoined(Document):
    """A node has joined the run cluster."""

    type: Literal["node_joined"] = "node_joined"
    at: datetime
    node_id: NodeId


class TaskStarted(Document):
    """An attempt of a task (counted from 1) has begun on a node."""

    type: Literal["task_started"] = "task_started"
    at: datetime
    invocation_id: ir.TaskInvocationId
    attempt: int
    node_id: NodeId


class TaskEnded(Document):
    """An attempt of a task has ended: SUCCEEDED, or FAILED with a message.

    `final` is false where another attempt follows. `node_id` and `started_at` are null for an
    attempt that ended before it began (its environment could not be made, its node was lost).
    """

    type: Literal["task_ended"] = "task_ended"
    at: datetime
    invocation_id: ir.TaskInvocationId
    attempt: int
    state: State
    final: bool
    node_id: NodeId | None = None
    started_at: datetime | None = None
    message: str | None = None


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
    """One line, without its end; `at` is Unix seconds."""

    at: float
    text: str


class LogLines(Document):
    """Lines of one source, in order. `invocation_id` is set where `kind` is TASK."""

    type: Literal["log_lines"] = "log_lines"
    kind: LogKind
    stream: LogStream
    lines: list[LogLine]
    invocation_id: ir.TaskInvocationId | None = None
    node_id: NodeId | None = None


Event = Annotated[
    RunStarted | RunFinished | NodeJoined | TaskStarted | TaskEnded | LogLines,
    Field(discriminator="type"),
]


class EventBatch(Document):
    """Events in order. A sender numbers its batches from 1; a number seen before is ignored."""

    sender: str
    sequence: int
    events: list[Event]
