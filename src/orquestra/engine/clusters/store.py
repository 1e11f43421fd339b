"""Queries on run clusters and their pools."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Cluster, ClusterPool, EventCursor, Node, Run, RunPool
from orquestra.sdk.schema.cluster import NodeSize


async def get(session: AsyncSession, cluster_id: str) -> Cluster | None:
    """A run cluster."""
    return await session.get(Cluster, cluster_id)


async def unreleased(session: AsyncSession) -> Sequence[Cluster]:
    """Run clusters of which something may still exist, oldest first."""
    query = select(Cluster).where(Cluster.released.is_(False)).order_by(Cluster.created_at)
    return (await session.scalars(query)).all()


async def shared(session: AsyncSession) -> Cluster | None:
    """The run cluster that executes all runs of the local runtime."""
    query = select(Cluster).where(
        Cluster.released.is_(False), Cluster.shared.is_(True), Cluster.retired.is_(False)
    )
    return await session.scalar(query)


async def standby(session: AsyncSession, *, head_image: str, head: NodeSize) -> Cluster | None:
    """A run cluster that waits for a run, and whose head is at work and just as one needs it."""
    query = (
        select(Cluster)
        .where(
            Cluster.released.is_(False),
            Cluster.shared.is_(False),
            Cluster.retired.is_(False),
            Cluster.head_image == head_image,
            Cluster.head_cpu == head.cpu,
            Cluster.head_memory == head.memory,
            Cluster.head_began_at.is_not(None),
            ~exists().where(Run.cluster_id == Cluster.id),
        )
        .order_by(Cluster.created_at)
        .limit(1)
    )
    return await session.scalar(query)


async def waiting(session: AsyncSession) -> Sequence[Cluster]:
    """Run clusters of their own that have never had a run."""
    query = select(Cluster).where(
        Cluster.released.is_(False),
        Cluster.shared.is_(False),
        ~exists().where(Run.cluster_id == Cluster.id),
    )
    return (await session.scalars(query)).all()


async def pools(session: AsyncSession, cluster_id: str) -> Sequence[ClusterPool]:
    """The pools of a run cluster."""
    query = select(ClusterPool).where(ClusterPool.cluster_id == cluster_id)
    return (await session.scalars(query.order_by(ClusterPool.image, ClusterPool.id))).all()


async def pools_in_use(session: AsyncSession, cluster_ids: Sequence[str]) -> Sequence[ClusterPool]:
    """The pools of run clusters that executing runs use, that have nodes, or are to have some."""
    among = bulk.values(cluster_ids)
    wanted = (
        select(Run.cluster_id, RunPool.pool_id)
        .join(RunPool, RunPool.run_id == Run.id)
        .where(Run.cluster_id.in_(among), Run.executing.is_(True))
    )
    living = select(Node.cluster_id, Node.pool_id).where(
        Node.cluster_id.in_(among), Node.ended_at.is_(None)
    )
    pool = tuple_(ClusterPool.cluster_id, ClusterPool.id)
    query = select(ClusterPool).where(
        ClusterPool.cluster_id.in_(among),
        or_(ClusterPool.min_nodes > 0, pool.in_(wanted), pool.in_(living)),
    )
    return (await session.scalars(query.order_by(ClusterPool.image, ClusterPool.id))).all()


async def release(session: AsyncSession, cluster: Cluster) -> None:
    """Nothing is left of a run cluster. The records of one that never had a run go too."""
    cluster.retired = cluster.released = True
    # Nobody can tell anything any more.
    await session.execute(delete(EventCursor).where(EventCursor.cluster_id == cluster.id))
    if await session.scalar(select(exists().where(Run.cluster_id == cluster.id))):
        return
    await session.flush()
    for table in (Node, ClusterPool):
        await session.execute(delete(table).where(table.cluster_id == cluster.id))
    await session.delete(cluster)


async def resize_pools(
    session: AsyncSession, cluster_id: str, *, pinned_image: str, size: NodeSize
) -> None:
    """Let the nodes of an image have another size from now on."""
    await session.execute(
        update(ClusterPool)
        .where(ClusterPool.cluster_id == cluster_id, ClusterPool.pinned_image == pinned_image)
        .values(cpu=size.cpu, memory=size.memory, gpu=size.gpu)
    )


async def retire_unless_shared(session: AsyncSession, cluster_id: str) -> None:
    """Nothing is to execute on a run cluster any more, unless runs share it."""
    await session.execute(
        update(Cluster)
        .where(Cluster.id == cluster_id, Cluster.shared.is_(False))
        .values(retired=True)
    )
