"""Bodies of the public HTTP API, those of the published client 1.1.0 and our additions.

Field names on the wire are camel case. What we added to a body of 1.1.0 is marked; that client
ignores fields it does not know.
"""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import State

PayloadT = TypeVar("PayloadT")

# A State field that reads unknown words as UNKNOWN instead of failing.
StateField = Annotated[State, BeforeValidator(State)]


class Body(BaseModel):
    """Base of every body: camel case on the wire, snake case in Python."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel), populate_by_name=True, extra="ignore"
    )


class Meta(Body):
    """Paging of a list; an empty token means that there is no further page."""

    next_page_token: str = ""


class Envelope(Body, Generic[PayloadT]):
    """The wrapper of most answers."""

    data: PayloadT
    meta: Meta | None = None


class Error(Body):
    """The body of every failed request.

    `code` is a number where the 1.1.0 client knows one, `message` the phrase of the HTTP status,
    `detail` what happened and what to do. `error` is ours: a stable word for programs.
    """

    code: int | None = None
    message: str
    detail: str
    error: str | None = None


class Id(Body):
    """The id of something just created."""

    id: str


class Definition(Body):
    """A stored workflow definition."""

    id: str
    created: datetime
    owner: str
    workflow: ir.WorkflowDef
    workspace_id: str
    project: str
    sdk_version: str


class RunResources(Body):
    """The size of one node (`cpu`, `memory`, `gpu`) and the most nodes of each image."""

    nodes: int | None = None
    cpu: str | None = None
    memory: str | None = None
    gpu: str | None = None


class HeadNodeResources(Body):
    """The size of the head node."""

    cpu: str | None = None
    memory: str | None = None


class CreateRun(Body):
    """A request to run a stored definition.

    `working_directory` is ours: where the local runtime runs tasks that need no image.
    """

    workflow_definition_id: str = Field(alias="workflowDefinitionID")
    resources: RunResources = RunResources()
    dry_run: bool = False
    head_node_resources: HeadNodeResources | None = None
    working_directory: str | None = None


class Status(Body):
    """A state with its times. `message` is ours: why a run or a task is as it is."""

    state: StateField
    start_time: datetime | None = None
    end_time: datetime | None = None
    message: str | None = None


class TaskRun(Body):
    """One execution of a task invocation; no status means WAITING."""

    id: str
    invocation_id: str
    status: Status | None = None


class Run(Body):
    """A run with one entry for every invocation of its definition.

    Ours are `warnings`, and the numbers of tasks, with which the entries may be left out.
    """

    id: str
    definition_id: str
    owner: str
    status: Status
    task_runs: list[TaskRun]
    warnings: list[str] = []
    total_tasks: int | None = None
    completed_tasks: int | None = None


class RunSummary(Body):
    """One item of the list of runs."""

    id: str
    definition_id: str
    status: Status
    create_time: datetime
    owner: str
    total_tasks: int
    completed_tasks: int
    dry_run: bool


class NodeTask(Body):
    """One attempt of a task on a node."""

    invocation_id: str
    state: StateField
    start_time: datetime
    end_time: datetime | None = None


class Node(Body):
    """One node of a run: a container that is one Ray node. All of it is ours."""

    id: str
    pool: str
    image: str
    digest: str
    state: str
    message: str | None = None
    request_time: datetime
    start_time: datetime | None = None
    end_time: datetime | None = None
    tasks: list[NodeTask] = []


class Pool(Body):
    """The nodes of one image in one run. All of it is ours."""

    id: str
    image: str
    digest: str
    max_nodes: int
    cpu: float
    memory: int
    gpu: int
    nodes: list[Node] = []


class Workspace(Body):
    """One workspace, as far as clients read it."""

    id: str
    display_name: str


class WorkspaceNamespace(Body):
    """Where in its cluster a workspace is, as far as clients read it."""

    namespace: str


class Project(Body):
    """One project, as far as clients read it; `resource_group_id` is its workspace."""

    id: str
    display_name: str
    resource_group_id: str


class RunProgress(Body):
    """How far a run is: one event of the stream that waiting clients read. All of it is ours.

    `result_id` is there once the results can be read.
    """

    state: StateField
    message: str | None = None
    warnings: list[str] = []
    total_tasks: int
    completed_tasks: int
    result_id: str | None = None


class TaskChanges(Body):
    """Task runs of a run that have changed, or all of them. All of it is ours.

    A stream tells all of them first, many in several pieces. Where the first piece of all comes,
    nothing that was told before counts any more (`is_complete`).
    """

    is_complete: bool
    task_runs: list[TaskRun]


class PoolList(Body):
    """The pools of a run with their nodes, as they are now. All of it is ours."""

    pools: list[Pool]


class RunLogLine(Body):
    """One line of output: one event of the stream of a run's logs. All of it is ours.

    `kind` is `task`, `env_setup`, `system` or `other`; `stream` is `out` or `err`.
    """

    kind: str
    invocation_id: str | None = None
    node_id: str | None = None
    stream: str
    at: datetime
    text: str


class Durations(Body):
    """What became of the time of an attempt, in seconds, in the order in which it passes.

    `queued`: for a place on a node. `pulling`: the image of the node. `booting`: the node, from
    present image to joined. `environment`: the worker process and its Python requirements.
    `running`: the task itself.
    """

    queued: float = 0
    pulling: float = 0
    booting: float = 0
    environment: float = 0
    running: float = 0


class AttemptTiming(Body):
    """The times of one attempt of a task."""

    invocation_id: str
    function_name: str
    attempt: int
    image: str
    node: str | None = None
    state: StateField
    ready_time: datetime | None = None
    durations: Durations


class ImageTiming(Body):
    """The times of all attempts of one image; `cold`: the longest that one waited for its node."""

    image: str
    attempts: int
    nodes: int
    cold: float
    durations: Durations


class RunTiming(Body):
    """Where the time of a run went, by attempt and by image, with advice. All of it is ours."""

    attempts: list[AttemptTiming]
    images: list[ImageTiming]
    advice: list[str]
