"""What the executor works with: the contracts of its neighbours, and what they tell it.

Neighbours put what they have to say into the executor's inbox, from whatever thread; the executor
calls them from its own thread and never waits for an answer. It waits in one place, for room among
the events: while the engine does not take what has ended, nothing new is to begin.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple, Protocol

from orquestra.executor.capacity import Demand
from orquestra.executor.git_logins import GitLogin
from orquestra.executor.jobs import Job
from orquestra.executor.protocol import (
    Began,
    Calls,
    Constant,
    Forget,
    Given,
    Hello,
    Leave,
    Lines,
    Outcomes,
    Recall,
    Returned,
    Taken,
)
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    CachedResult,
    Event,
    Location,
    LogLines,
    LogStream,
    NodeId,
    PoolId,
)
from orquestra.sdk.schema.workflow_run import WorkflowRunId

ToWorker = Calls | Recall | Forget | Taken | Leave
FromWorker = Hello | Outcomes | Began | Lines | Returned


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """Python packages that a task needs beyond its image, as pip reads them.

    `logins` are of the Git repositories among them.
    """

    packages: tuple[str, ...]
    pip_options: tuple[str, ...] = ()
    logins: tuple[GitLogin, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a worker is placed for; tasks with the same one can share it."""

    pool_id: PoolId
    demand: Demand
    requirements: Requirements | None = None
    variables: tuple[tuple[str, str], ...] = ()


class Said(NamedTuple):
    """Messages of workers, in the order in which each sent its own."""

    messages: list[tuple[str, FromWorker]]


class Lost(NamedTuple):
    """The connection of a worker has ended. Why, its `Died` says."""

    worker_id: str


class Cause(Enum):
    """Why a worker is no more."""

    ENDED = "ended"
    """It has left."""
    CANCELLED = "cancelled"
    """The executor has had it ended."""
    NODE_LOST = "node_lost"
    OUT_OF_MEMORY = "out_of_memory"
    """Ray or the kernel has ended it, because its node ran out of memory."""
    CRASH = "crash"
    """Its process died by itself."""
    UNABLE = "unable"
    """It could not be started; `message` says why."""


@dataclass(frozen=True, kw_only=True)
class Death:
    """The end of a worker: why, and what is left of it on its node.

    `running` is the number of the call that ran. `unread` are its last lines. `used` and `limit`
    are bytes of its node's memory.
    """

    cause: Cause
    running: int | None = None
    started_at: float | None = None
    unread: Mapping[LogStream, tuple[str, ...]] = field(default_factory=dict)
    used: float = 0
    limit: float = 0
    message: str = ""


class Died(NamedTuple):
    """A worker is no more. Comes exactly once for each that was started."""

    worker_id: str
    death: Death


class Installing(NamedTuple):
    """Lines of the program that installs requirements on a node of a pool."""

    pool_id: PoolId
    requirements: Requirements
    lines: list[tuple[float, str]]
    node_id: NodeId | None = None


class Installed(NamedTuple):
    """Requirements are there for the nodes of a pool, or they cannot be: `problem`."""

    pool_id: PoolId
    requirements: Requirements
    problem: str | None


class Question(NamedTuple):
    """A job that may need no call: its policy, the image of its pool, and what it is given.

    `modules` is the digest of the local modules of its run, `fingerprints` are of constants.
    """

    job: Job
    policy: ir.CachePolicy
    image: str
    given: Given
    modules: str
    fingerprints: Mapping[Constant | Location, str]


class Answer(NamedTuple):
    """Under which key the result of a job is remembered, and what was found there."""

    job: Job
    key: str | None
    found: CachedResult | None


class Answered(NamedTuple):
    """Questions have been answered."""

    answers: list[Answer]


class Broken(NamedTuple):
    """A neighbour cannot go on, and the executor cannot without it."""

    error: Exception


Inbox = SimpleQueue[Any]
"""Takes all of these, and the executor's own commands."""


class Events(Protocol):
    """Where events go; an outbox is one."""

    def add(self, *events: Event) -> None:
        """Take events; waits while very many are not with the engine yet."""
        ...

    def add_lines(self, lines: LogLines, *, posted: Callable[[], None]) -> None:
        """Take lines, without waiting for room; call `posted` once the engine has them."""
        ...


class Crew(Protocol):
    """The connections of the workers. What they say comes as `Said`, their ends as `Lost`."""

    def send(self, worker_id: str, message: ToWorker) -> None:
        """Send a message; never raises or waits: to a worker that is gone it goes nowhere."""
        ...

    def close(self, worker_id: str) -> None:
        """End the connection of a worker that is no more; one that is not there is no error."""
        ...


class Placement(Protocol):
    """Brings workers up on nodes, and knows why they die."""

    def start(self, worker_id: str, environment: Environment) -> None:
        """Ask for a worker; it comes up once its pool has room. Exactly one `Died` follows."""
        ...

    def cancel(self, worker_id: str) -> None:
        """End a worker, whether it has come up or not. `Died` still follows."""
        ...

    def arrived(self, hello: Hello) -> None:
        """Note where a worker has come up: its node is examined if it dies."""
        ...

    def lost(self, worker_id: str) -> None:
        """Find out why the connection of a worker has ended, and end it if it has not."""
        ...

    def install(self, environment: Environment, *, image: str, access: SecretsLogin | None) -> None:
        """Install the requirements on a node of the pool; `Installed` says how it went.

        Through `access` the passwords of logins are read there.
        """
        ...


class Lookups(Protocol):
    """Finds out whether results of earlier runs can be used again."""

    def ask(self, question: Question) -> None:
        """Find the answer to a question; it comes in an `Answered`, whatever goes wrong."""
        ...

    def forget(self, run_id: WorkflowRunId) -> None:
        """Drop the questions of a run: nobody waits for their answers any more."""
        ...


def keep_pool(pool_id: PoolId) -> None:
    """Do nothing about a pool that no task will use any more."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an executor works with. `release_pool` is told of pools that no task can use now.

    Large constants go into the `exchange`, where there is one. Without `lookups` no result is used
    again. `local_secrets` is where tasks of the local runtime ask for secrets; others ask at the
    address that platforms have. `clock` gives Unix seconds.
    """

    inbox: Inbox
    crew: Crew
    placement: Placement
    events: Events
    release_pool: Callable[[PoolId], None] = keep_pool
    exchange: Path | None = None
    lookups: Lookups | None = None
    local_secrets: str | None = None
    clock: Callable[[], float] = time.time
