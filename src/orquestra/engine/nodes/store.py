"""Queries on nodes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median_high

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Node, Run, RunPool
from orquestra.sdk.schema.cluster import NodeState

_BOOTS = 5
"""The last ones, since images and machines change."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

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


async def boot_times(session: AsyncSession, pinned_images: Sequence[str]) -> dict[str, timedelta]:
    """How long the last nodes of some images took to join, mostly; of images that had some."""
    images = bulk.values(pinned_images).subquery()
    last = aliased(Node)
    # The index leads to the last ones of an image, however many it has had.
    since = (
        select(last.joined_at)
        .where(last.pinned_image == images.c.value, last.joined_at.is_not(None))
        .order_by(last.joined_at.desc())
        .offset(_BOOTS - 1)
        .limit(1)
        .scalar_subquery()
    )
    query = select(images.c.value, Node.requested_at, Node.joined_at).join(
        images,
        (Node.pinned_image == images.c.value) & (Node.joined_at >= func.coalesce(since, _LONG_AGO)),
    )
    taken: defaultdict[str, list[timedelta]] = defaultdict(list)
    for image, asked, joined in await session.execute(query):
        assert joined
        taken[image].append(joined - asked)
    return {image: median_high(times) for image, times in taken.items()}


async def of_request(
    session: AsyncSession, cluster_id: str, *, pool_id: str, request_id: str
) -> Sequence[Node]:
    """Nodes made for one request of the autoscaler."""
    query = select(Node).where(
        Node.cluster_id == cluster_id, Node.pool_id == pool_id, Node.request_id == request_id
    )
    return (await session.scalars(query.order_by(Node.requested_at, Node.id))).all()
