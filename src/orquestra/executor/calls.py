"""What travels between the driver and the Ray tasks: calls there, outcomes back.

Values themselves travel beside these as plain bytes, which Ray moves without pickling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import LogStream, NodeId


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """An argument that another task made: its place among the inputs, and its format."""

    position: int
    format: ir.ArtifactFormat


Argument = Upstream | ir.ConstantNodeJSON | ir.ConstantNodePickle


@dataclass(frozen=True, kw_only=True)
class Call:
    """One attempt of one invocation, as a worker needs it.

    `keeps` says what to give back, in order: None is the whole value, a number one element of it.
    """

    invocation_id: ir.TaskInvocationId
    attempt: int
    task_name: str
    arguments: tuple[Argument, ...]
    keyword_arguments: Mapping[str, Argument]
    keeps: tuple[int | None, ...]
    output: ir.TaskOutputMetadata
    dry_run: bool


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """Where and when an attempt has begun, and how often its node had been out of memory."""

    invocation_id: ir.TaskInvocationId
    attempt: int
    node_id: NodeId
    at: datetime
    oom_kills: int


@dataclass(frozen=True, kw_only=True)
class LogPiece:
    """Lines that an attempt has written. `end` is the place in its log right after them."""

    invocation_id: ir.TaskInvocationId
    attempt: int
    node_id: NodeId
    stream: LogStream
    lines: tuple[str, ...]
    end: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt that was not cut off has ended; `problem` is None where it succeeded.

    `formats` are those of the values that come with it, in the order of the call's `keeps`.
    `begun` is false for an attempt that came too late: no task begins after one has failed.
    """

    node_id: NodeId
    started_at: datetime
    ended_at: datetime
    formats: tuple[ir.ArtifactFormat, ...] = ()
    problem: str | None = None
    begun: bool = True
