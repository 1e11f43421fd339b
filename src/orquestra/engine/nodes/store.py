"""Queries on nodes."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Node, Run, RunPool
from orquestra.sdk.schema.cluster import NodeState

_BOOTS = 5
"""The last ones, since images and machines change."""

FINAL_STATES = [state for state in NodeState if state.is_final()]


async def get(session: AsyncSession, cluster_id: str, *, node_id: str) -> Node | None:
    """A node."""
    return await session.get(Node, (cluster_id, node_id))


async def during(session: AsyncSession, run: Run) -> Sequence[Node]:
    """The nodes of a run's pools that existed while the run did, oldest first."""
    query = select(Node).where(
        Node.cluster_id == run.cluster_id,
        Node.pool_id.in_(select(RunPool.pool_id).where(RunPool.run_id == run.id)),
        or_(Node.ended_at.is_(None), Node.ended_at >= run.created_at),
    )
    if run.ended_at is not None:
        query = query.where(Node.requested_at <= run.ended_at)
    return (await session.scalars(query.order_by(Node.requested_at, Node.id))).all()


async def living(session: AsyncSession, cluster_id: str) -> Sequence[Node]:
    """Nodes of a run cluster that are not gone."""
    query = select(Node).where(Node.cluster_id == cluster_id, Node.state.not_in(FINAL_STATES))
    return (await session.scalars(query.order_by(Node.requested_at, Node.id))).all()


async def count_living(session: AsyncSession, cluster_id: str, *, pool_id: str) -> int:
    """How many nodes of a pool are not gone; one that is stopping still counts."""
    query = select(func.count()).where(
        Node.cluster_id == cluster_id, Node.pool_id == pool_id, Node.state.not_in(FINAL_STATES)
    )
    return await session.scalar(query) or 0


async def boot_times(session: AsyncSession, pinned_images: Iterable[str]) -> dict[str, timedelta]:
    """How long the last nodes of some images took to join, mostly; of images that had some."""
    found = {}
    for image in pinned_images:
        query = (
            select(Node.requested_at, Node.joined_at)
            .where(Node.pinned_image == image, Node.joined_at.is_not(None))
            .order_by(Node.joined_at.desc())
            .limit(_BOOTS)
        )
        rows = await session.execute(query)
        taken = sorted(joined - asked for asked, joined in rows if joined is not None)
        if taken:
            found[image] = taken[len(taken) // 2]
    return found


async def of_request(
    session: AsyncSession, cluster_id: str, *, pool_id: str, request_id: str
) -> Sequence[Node]:
    """Nodes made for one request of the autoscaler."""
    query = select(Node).where(
        Node.cluster_id == cluster_id, Node.pool_id == pool_id, Node.request_id == request_id
    )
    return (await session.scalars(query.order_by(Node.requested_at, Node.id))).all()
