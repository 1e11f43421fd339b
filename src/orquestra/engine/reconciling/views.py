"""What should exist: run clusters that are not released, as the database has them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.tables import Cluster, ClusterPool, Node, Run
from orquestra.engine.nodes.store import FINAL_STATES
from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeState
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId


@dataclass(frozen=True, kw_only=True)
class NodeView:
    """A node that is not gone."""

    id: NodeId
    image: str
    state: NodeState
    launched_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run that executes. `heads_lost`: how many heads went away under it."""

    id: WorkflowRunId
    state: State
    started_at: datetime | None
    heads_lost: int


@dataclass(frozen=True, kw_only=True)
class ClusterView:
    """A run cluster that may exist, with what executes on it and the nodes that are not gone.

    `taken`: a run has been assigned to it, now or earlier. `head_launches` counts all its heads;
    `head_launched_at` is None while it has none, or none that is known. `head_began`: the executor
    of the last head launched has reported. `images`: all that it needs, to be pulled.
    """

    id: ClusterId
    shared: bool
    taken: bool
    retired: bool
    head_image: str
    head_launches: int
    head_launched_at: datetime | None
    head_began: bool
    images: frozenset[str]
    runs: tuple[RunView, ...]
    nodes: tuple[NodeView, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing will execute on it any more."""
        return self.retired or (not self.shared and self.taken and not self.runs)


async def unreleased_clusters(session: AsyncSession) -> list[ClusterView]:
    """Views of all run clusters that are not released, in few queries."""
    rows = await clusters.unreleased(session)
    executing, taken = await _runs(session)
    nodes = await _nodes(session)
    images: dict[str, set[str]] = {row.id: {row.head_image} for row in rows}
    for pool in await clusters.pools_in_use(session, [row.id for row in rows]):
        images[pool.cluster_id].add(pool.pinned_image)
    return [
        ClusterView(
            id=ClusterId(row.id),
            shared=row.shared,
            taken=row.id in taken,
            retired=row.retired,
            head_image=row.head_image,
            head_launches=row.head_launches,
            head_launched_at=row.head_launched_at,
            head_began=row.head_began_at is not None,
            images=frozenset(images[row.id]),
            runs=tuple(executing[row.id]),
            nodes=tuple(nodes[row.id]),
        )
        for row in rows
    ]


async def _runs(session: AsyncSession) -> tuple[dict[str, list[RunView]], set[str]]:
    """The executing runs of each cluster, and the clusters that have had any run."""
    executing: dict[str, list[RunView]] = defaultdict(list)
    query = select(Run).where(Run.executing.is_(True)).order_by(Run.created_at)
    for run in await session.scalars(query):
        view = RunView(
            id=WorkflowRunId(run.id),
            state=run.state,
            started_at=run.started_at,
            heads_lost=run.heads_lost,
        )
        executing[run.cluster_id].append(view)
    # One look into an index for each cluster, however many runs it has had.
    taken = select(Cluster.id).where(
        Cluster.released.is_(False), exists().where(Run.cluster_id == Cluster.id)
    )
    return executing, set(await session.scalars(taken))


async def _nodes(session: AsyncSession) -> dict[str, list[NodeView]]:
    query = (
        select(Node, ClusterPool.image)
        .join(
            ClusterPool,
            (ClusterPool.cluster_id == Node.cluster_id) & (ClusterPool.id == Node.pool_id),
        )
        .join(Cluster, Cluster.id == Node.cluster_id)
        .where(Cluster.released.is_(False), Node.state.not_in(FINAL_STATES))
    )
    found: dict[str, list[NodeView]] = defaultdict(list)
    for node, image in await session.execute(query):
        view = NodeView(
            id=NodeId(node.id), image=image, state=node.state, launched_at=node.launched_at
        )
        found[node.cluster_id].append(view)
    return found
