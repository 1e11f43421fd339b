"""What the executor and its workers say to each other, over one authenticated connection each.

A worker is a process that Ray has placed on a node for one environment: image, requirements,
variables and resources of tasks. It connects to the executor, is given calls, and runs them one
after another in the order in which they came. Messages are plain tuples: they are pickled by the
thousand.

| executor → worker | worker → executor |
|---|---|
| `Calls`: run these after what you have | `Hello`: ready for calls |
| `Recall`: give back what has not begun | `Outcomes`: calls that have ended |
| `Forget`: a run is over, close its files | `Began`: a call that has been running for a while |
| `Leave`: end | `Lines`: what a call has written |
| `Taken`: some `Lines` are with the engine | `Returned`: calls given back |

Lines of a call come before its outcome, and a beginning before both. Values lie in the exchange
before the outcome that names them is sent. A worker sends `MOST_UNTAKEN` of `Lines` ahead of their
`Taken`; then it waits, so that a task which writes much slows down itself and nobody else.
"""

from datetime import timedelta
from typing import Literal, NamedTuple

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location, LogStream, NodeId
from orquestra.sdk.schema.workflow_run import WorkflowRunId

LONG = timedelta(milliseconds=50)
"""How long a call runs before its worker tells that it has begun."""

FunctionKey = tuple[WorkflowRunId, ir.TaskDefId]
"""A task definition of a run."""


MOST_UNTAKEN = 16
"""Messages with lines that a worker may send before the engine has the first of them."""


class Constant(NamedTuple):
    """An argument known at submission: a format of the IR and the raw bytes."""

    format: ir.ArtifactFormat
    data: bytes


class Own(NamedTuple):
    """An argument that an earlier call, still known to the same worker, has made."""

    artifact_id: ir.ArtifactNodeId


class Gathered(NamedTuple):
    """A collection of other arguments, to be built by the worker; `keys` are those of a DICT."""

    kind: ir.CollectionType
    keys: "tuple[Argument, ...]"
    items: "tuple[Argument, ...]"


class Bundle(NamedTuple):
    """A `Gathered` of very many items, which lies in the exchange."""

    location: Location


class Item(NamedTuple):
    """An element of a sequence, and its digest where that is known."""

    sequence: Constant | Location
    at: int
    digest: bytes | None = None


class Secret(NamedTuple):
    """A value that the worker reads from the engine when the call begins; it is in no message.

    `config_name` counts on the local runtime only: the engine that keeps it, if not this one.
    """

    name: str
    workspace_id: str | None
    config_name: str | None


Argument = Constant | Location | Own | Gathered | Bundle | Item | Secret

Given = tuple[tuple[Argument, ...], tuple[tuple[str, Argument], ...]]
"""What a call is given: positional arguments, and keywords."""

Work = Literal["task", "count", "gather"]
"""What a call does: a task's function, or before and after all elements of a map.

*count*: how many elements the sequences have that a map goes over, which are its keywords, by the
names or positions of arguments. *gather*: its one argument is the result.
"""


class Kept(NamedTuple):
    """What to keep of a result: all of it (`element` None) or one element, as this artifact."""

    artifact_id: ir.ArtifactNodeId
    element: int | None


class Call(NamedTuple):
    """One attempt of one invocation. `number` counts the calls of a worker from 1.

    Where `after` is a number, this call needs the success of that one, which the same worker was
    given before: if it fails or is given back, this one is given back too. An element of a map has
    its own `invocation_id` (`ir.element_id`).
    """

    number: int
    function: FunctionKey
    invocation_id: ir.TaskInvocationId
    attempt: int
    arguments: tuple[Argument, ...]
    keywords: tuple[tuple[str, Argument], ...]
    keeps: tuple[Kept, ...]
    after: int | None = None
    work: Work = "task"


class Function(NamedTuple):
    """What calls of one task definition have in common; sent to a worker once.

    `sources` are modules that tasks of the run import: texts by paths below an import root. Where
    elements of maps are to have digests, `modules` is the digest of these modules. `run_variables`
    is the same for all functions of a run; `token_variable` names the path of the token's file.
    """

    name: str
    reference: ir.FunctionRef
    output: ir.TaskOutputMetadata
    dry_run: bool
    working_directory: str | None
    sources: Constant | Location | None = None
    modules: str | None = None
    run_variables: "RunVariables | None" = None


class RunVariables(NamedTuple):
    """What tasks of a run find in their process: variables, and its token in a file of its own."""

    variables: dict[str, str]
    token: str
    token_variable: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"RunVariables({self.variables}, {self.token_variable})"


class Calls(NamedTuple):
    """Calls to run, and the functions among them that the worker does not know yet."""

    functions: dict[FunctionKey, Function]
    calls: list[Call]


class Recall(NamedTuple):
    """Give back all calls that have not begun; the answer is one `Returned`, even if empty."""


class Forget(NamedTuple):
    """A run is over: forget its functions and values, close its files."""

    run_id: WorkflowRunId


class Taken(NamedTuple):
    """The lines of one message are with the engine."""


class Leave(NamedTuple):
    """End, once the call that runs has ended."""


class Hello(NamedTuple):
    """A worker is there. `worker_id` is what it was started with; times are Unix seconds."""

    worker_id: str
    node_id: NodeId
    pid: int
    at: float


class Counted(NamedTuple):
    """What a *count* has found: a length, and digests of the elements of some of the sequences.

    The digests are by the names or positions of arguments, as in the call.
    """

    length: int
    digests: dict[str, list[bytes]]


class Outcome(NamedTuple):
    """How a call has ended; `problem` is None where it succeeded.

    `values` are where the kept values lie, in the order of the call's `keeps`; `counted` is what a
    *count* has found. After a problem that is no exception but an exit the call does not
    `may_repeat`.
    """

    number: int
    started_at: float
    ended_at: float
    values: tuple[Location, ...]
    problem: str | None
    counted: Counted | None = None
    may_repeat: bool = True


class Outcomes(NamedTuple):
    """Calls that have ended, in order."""

    outcomes: list[Outcome]


class Began(NamedTuple):
    """A call that has not ended shortly after its beginning."""

    number: int
    started_at: float


class Lines(NamedTuple):
    """Lines that a call has written, each with the time it was seen (Unix seconds)."""

    number: int
    stream: LogStream
    lines: list[tuple[float, str]]


class Returned(NamedTuple):
    """Calls that have not begun and will not: recalled, or without the call they come after."""

    numbers: list[int]


class WorkerStart(NamedTuple):
    """What a worker is started with: who it is and where its executor listens.

    `key` authenticates both ends of the connection.
    """

    worker_id: str
    address: tuple[str, int]
    key: bytes
