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
    LargeBinary,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from orquestra.engine.auth.caller import Role
from orquestra.sdk.schema.cluster import Cause, NodeState
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
        Cause: EnumName(Cause),
        Role: EnumName(Role),
        bytes: LargeBinary,
        dict[str, str]: JSON,
        dict[str, int | None]: JSON,
        list[str]: JSON,
    }


class User(Table):
    """Somebody who may log in; `id` is the name in tokens, mostly an e-mail address.

    `password_hash` is null for one who logs in with tokens only. Tokens issued before
    `tokens_valid_from` do not count any more. One who was removed stays as the owner of runs.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    is_admin: Mapped[bool]
    password_hash: Mapped[str | None]
    tokens_valid_from: Mapped[datetime | None]
    removed: Mapped[bool]
    created_at: Mapped[datetime]


class RevokedToken(Table):
    """A token (by its `jti`) that does not count any more; forgotten once it has expired."""

    __tablename__ = "revoked_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class Described:
    """What is told of a workspace or project beside its id."""

    display_name: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Workspace(Described, Table):
    """What users share: runs, projects and secrets. A personal one has the id of its user."""

    __tablename__ = "workspaces"

    id: Mapped[str] = mapped_column(primary_key=True)


class Member(Table):
    """A user of a workspace. Who a personal workspace belongs to is its one OWNER."""

    __tablename__ = "members"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    role: Mapped[Role]

    __table_args__ = (Index("members_of_workspace", "workspace_id"),)


class Project(Described, Table):
    """A part of a workspace, to sort runs into; every workspace has one of the id `default`."""

    __tablename__ = "projects"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)


class Secret(Table):
    """A value that only members of its workspace can read: encrypted with the key `key_id`."""

    __tablename__ = "secrets"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    key_id: Mapped[str]
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


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


class Cluster(Table):
    """A run cluster: a head and its nodes.

    `shared`: all runs of the local runtime execute on it; else it is there for one run, and a
    standby until it has one. `retired`: nothing is to execute on it any more. `released`: nothing
    of it is left. `head_address` is where nodes reach the head, told when it began.
    """

    __tablename__ = "clusters"

    id: Mapped[str] = mapped_column(primary_key=True)
    shared: Mapped[bool]
    created_at: Mapped[datetime]
    head_image: Mapped[str]
    head_cpu: Mapped[float]
    head_memory: Mapped[int] = mapped_column(BigInteger)
    head_launches: Mapped[int]
    head_launched_at: Mapped[datetime | None]
    head_began_at: Mapped[datetime | None]
    head_address: Mapped[str | None]
    retired: Mapped[bool]
    released: Mapped[bool]

    __table_args__ = (Index("clusters_unreleased", "released"),)


class ClusterPool(Table):
    """The nodes of one image on one run cluster, of whatever runs it executes."""

    __tablename__ = "cluster_pools"

    cluster_id: Mapped[str] = mapped_column(ForeignKey("clusters.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    image: Mapped[str]
    pinned_image: Mapped[str]
    min_nodes: Mapped[int]
    max_nodes: Mapped[int]
    cpu: Mapped[float]
    memory: Mapped[int] = mapped_column(BigInteger)
    gpu: Mapped[int]


class Node(Table):
    """One node of a pool. `tags` and `request_id` are the autoscaler's.

    `pinned_image` is that of its pool: how long nodes of an image take to join is looked up by it.

    Its life in times: asked for, image present, process or container launched, joined, gone.
    """

    __tablename__ = "nodes"

    cluster_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    pool_id: Mapped[str]
    pinned_image: Mapped[str | None]
    request_id: Mapped[str]
    tags: Mapped[dict[str, str]]
    state: Mapped[NodeState]
    message: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime]
    pulled_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["cluster_id", "pool_id"], ["cluster_pools.cluster_id", "cluster_pools.id"]
        ),
        Index("nodes_of_image", "pinned_image", "joined_at"),
    )


class Run(Table):
    """A workflow run. `executing`: an executor may still report on it.

    `heads_lost` counts the heads that went away under it. `commits` are the references of Git
    imports that its first head has pinned it to; null before.
    """

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    definition_id: Mapped[str] = mapped_column(ForeignKey("definitions.id"))
    cluster_id: Mapped[str] = mapped_column(ForeignKey("clusters.id"))
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
    working_directory: Mapped[str | None]
    total_tasks: Mapped[int]
    completed_tasks: Mapped[int]
    executing: Mapped[bool]
    heads_lost: Mapped[int]
    commits: Mapped[dict[str, str] | None]

    __table_args__ = (
        # With all that lists are filtered by, so that they are made from the index alone.
        Index(
            "runs_by_owner",
            "owner",
            "created_at",
            "id",
            "state",
            "definition_id",
            "workspace_id",
            "project_id",
        ),
        Index(
            "runs_by_workspace",
            "workspace_id",
            "created_at",
            "id",
            "state",
            "definition_id",
            "project_id",
        ),
        Index("runs_by_state", "owner", "state", "created_at", "id"),
        Index("runs_by_definition", "definition_id", "created_at", "id"),
        # A cluster may have had all runs of a user; those that execute and the last are asked for.
        Index("runs_executing", "executing", "cluster_id", "created_at", "id"),
        Index("runs_of_cluster", "cluster_id", "created_at"),
    )


class RunPool(Table):
    """A pool that a run uses: at most `max_nodes` of its nodes, for these invocations."""

    __tablename__ = "run_pools"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    pool_id: Mapped[str] = mapped_column(primary_key=True)
    max_nodes: Mapped[int]
    invocations: Mapped[list[str]] = mapped_column(deferred=True)


class TaskAttempt(Table):
    """One attempt of an invocation on one node; `node_id` is null if it never got to one.

    An invocation without attempts is WAITING; one whose last attempt is not `final` waits for the
    next. There is no other record of a task's state. `cause` is why one failed, where that counts
    for its task's retries.
    """

    __tablename__ = "task_attempts"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    invocation_id: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[str | None]
    state: Mapped[State]
    final: Mapped[bool]
    message: Mapped[str | None] = mapped_column(Text)
    ready_at: Mapped[datetime | None]
    worker_ready_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cause: Mapped[Cause | None]


class MapLength(Table):
    """How many elements a map of a run has; there is none before it is opened."""

    __tablename__ = "map_lengths"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    invocation_id: Mapped[str] = mapped_column(primary_key=True)
    length: Mapped[int]


class Artifact(Table):
    """A stored value: `size` bytes at `offset` of `file`, a file of its run in the artifact store.

    Storing it again gives it another place, and leaves its id.
    """

    __tablename__ = "artifacts"

    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    artifact_node_id: Mapped[str]
    invocation_id: Mapped[str]
    packed: Mapped[bool]
    file: Mapped[str]
    offset: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (Index("artifacts_of_run", "run_id", "artifact_node_id", unique=True),)


class CachedResult(Table):
    """The last result of an owner's tasks with one key: artifacts of a run.

    `artifacts` maps their ids to what they are: an index for one output, null for all of it.
    """

    __tablename__ = "cached_results"

    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    artifacts: Mapped[dict[str, int | None]]
    created_at: Mapped[datetime]


class EventCursor(Table):
    """The number of the last batch of events counted from one sender of a run cluster."""

    __tablename__ = "event_cursors"

    cluster_id: Mapped[str] = mapped_column(ForeignKey("clusters.id"), primary_key=True)
    sender: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]


metadata: Any = Table.metadata
