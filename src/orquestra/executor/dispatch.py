"""The seam between walking a graph and running its tasks.

On one side the executor, which knows of no Ray; on the other whatever runs attempts: one Ray task
each today, batches of small tasks later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeId
from orquestra.sdk.values import SerializedValue


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value on the run cluster. Only the dispatch knows what `handle` is."""

    format: ir.ArtifactFormat
    handle: Any


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to run an invocation, counted from 1: what it needs, and what to keep of it."""

    invocation_id: ir.TaskInvocationId
    number: int
    keeps: tuple[ir.ArtifactNodeId, ...]
    inputs: Mapping[ir.ArtifactNodeId, Value]


class Reason(Enum):
    """Why an attempt has failed; it decides whether there is another."""

    TASK = "task"
    """The task itself: an exception, a result that cannot be kept. Trying again is pointless."""
    ENVIRONMENT = "environment"
    """What the task needs could not be installed."""
    CRASH = "crash"
    """Its process died, for memory or by itself. Counts against `max_retries`."""
    NODE_LOST = "node_lost"
    """Its node went away. Not the task's fault."""
    INPUT_LOST = "input_lost"
    """An input went away with another node before the task began."""
    NOT_BEGUN = "not_begun"
    """It was called off before it began."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an attempt has failed, for the executor and, in one line, for the user."""

    reason: Reason
    message: str


@dataclass(frozen=True, kw_only=True)
class Completion:
    """How an attempt has ended. `node_id` and `started_at` are None if it never began."""

    attempt: Attempt
    ended_at: datetime
    node_id: NodeId | None = None
    started_at: datetime | None = None
    failure: Failure | None = None
    values: Mapping[ir.ArtifactNodeId, Value] = field(default_factory=dict)


class Dispatch(Protocol):
    """Runs attempts on the run cluster."""

    def submit(self, attempt: Attempt) -> None:
        """Start an attempt as soon as there is room. Exactly one completion will follow."""
        ...

    def next_completion(self, timeout: timedelta) -> Completion | None:
        """Wait for an attempt to end; None if none has after `timeout`.

        The values of an attempt that succeeded are stored with the engine by then.
        """
        ...

    def supply(self, value: SerializedValue) -> Value:
        """Make a value from outside the cluster available to attempts."""
        ...

    def call_off(self) -> None:
        """Let no further attempt begin; each that has not completes as `NOT_BEGUN`."""
        ...
