"""All tables. Times are zone-aware and in UTC."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from orquestra.sdk.schema.cluster import NodeState
from orquestra.sdk.schema.workflow_run import State


class UtcDateTime(TypeDecorator[datetime]):
    """A zone-aware time; SQLite forgets the zone, so it is UTC by agreement."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To UTC without zone."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Back to UTC with zone."""
        return value.replace(tzinfo=UTC) if value else None


class EnumName(TypeDecorator[Enum]):
    """A member of an enumeration, stored by its value: new members need no migration."""

    impl = String(20)
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To its value."""
        return value.value if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> Enum | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Back to the member."""
        return self.kind(value) if value else None


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime,
        State: EnumName(State),
        NodeState: EnumName(NodeState),
        dict[str, str]: JSON,
        list[str]: JSON,
    }


class Definition(Table):
    """A workflow definition as it was sent; `document` is its JSON text, unchanged."""

    __tablename__ = "definitions"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner: Mapped[str]
    workspace_id: Mapped[str]
    project_id: Mapped[str]
    created_at: Mapped[datetime]
    sdk_version: Mapped[str]
    document: Mapped[str] = mapped_column(Text, deferred=True)

    __table_args__ = (Index("definitions_by_owner", "owner", "created_at"),)


class Run(Table):
    """A workflow run and its run cluster.

    `executing`: an executor may still report. `released`: nothing of the cluster is left.
    """

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    definition_id: Mapped[str] = mapped_column(ForeignKey("definitions.id"))
    result_id: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str]
    workspace_id: Mapped[str]
    project_id: Mapped[str]
    state: Mapped[State]
    message: Mapped[str | None] = mapped_column(Text)
    warnings: Mapped[list[str]]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    dry_run: Mapped[bool]
    total_tasks: Mapped[int]
    completed_tasks: Mapped[int]
    executing: Mapped[bool]
    released: Mapped[bool]
    head_image: Mapped[str]
    head_cpu: Mapped[float]
    head_memory: Mapped[int] = mapped_column(BigInteger)
    head_launches: Mapped[int]
    head_launched_at: Mapped[datetime | None]
    head_began_at: Mapped[datetime | None]

    __table_args__ = (
        Index("runs_by_owner", "owner", "created_at", "id"),
        Index("runs_unreleased", "released"),
    )


class Pool(Table):
    """The nodes of one image in one run."""

    __tablename__ = "pools"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    image: Mapped[str]
    pinned_image: Mapped[str]
    max_nodes: Mapped[int]
    cpu: Mapped[float]
    memory: Mapped[int] = mapped_column(BigInteger)
    gpu: Mapped[int]


class Node(Table):
    """One node of a pool. `tags` and `request_id` are the autoscaler's."""

    __tablename__ = "nodes"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    pool_id: Mapped[str]
    request_id: Mapped[str]
    tags: Mapped[dict[str, str]]
    state: Mapped[NodeState]
    message: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime]
    launched_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (ForeignKeyConstraint(["run_id", "pool_id"], ["pools.run_id", "pools.id"]),)


class TaskRun(Table):
    """The state of one invocation in one run."""

    __tablename__ = "task_runs"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    invocation_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    pool_id: Mapped[str]
    state: Mapped[State]
    message: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class TaskAttempt(Table):
    """One attempt of an invocation on one node; `node_id` is null if it never got to one."""

    __tablename__ = "task_attempts"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    invocation_id: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[str | None]
    state: Mapped[State]
    message: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Artifact(Table):
    """A stored value; its bytes lie in the artifact store under `<run>/<file>`.

    Storing it again gives it another file, and leaves its id.
    """

    __tablename__ = "artifacts"

    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    artifact_node_id: Mapped[str]
    invocation_id: Mapped[str]
    packed: Mapped[bool]
    file: Mapped[str]
    format: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]

    __table_args__ = (Index("artifacts_of_run", "run_id", "artifact_node_id", unique=True),)


class EventCursor(Table):
    """The number of the last batch of events counted from one sender."""

    __tablename__ = "event_cursors"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    sender: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]


metadata: Any = Table.metadata
