"""Queries on what the reconciler looks after, and the records of larger changes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Cluster, Run, RunPool
from orquestra.engine.nodes import service as nodes
from orquestra.engine.nodes import store as node_store
from orquestra.engine.runs import lifecycle
from orquestra.engine.runs import store as runs
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.cluster import NodeState
from orquestra.sdk.schema.workflow_run import State


async def runs_of_pool(session: AsyncSession, cluster_id: str, *, pool_id: str) -> Sequence[Run]:
    """The executing runs of a cluster that use one of its pools."""
    query = (
        select(Run)
        .join(RunPool, RunPool.run_id == Run.id)
        .where(Run.cluster_id == cluster_id, Run.executing.is_(True), RunPool.pool_id == pool_id)
    )
    return (await session.scalars(query)).all()


async def last_run(session: AsyncSession, cluster_id: str) -> Run | None:
    """The newest run that a cluster executes or has executed."""
    query = select(Run).where(Run.cluster_id == cluster_id).order_by(Run.created_at.desc())
    return await session.scalar(query.limit(1))


async def ended(session: AsyncSession, run_ids: Sequence[str]) -> set[str]:
    """Those of some runs that do not execute any more."""
    query = select(Run.id).where(Run.id.in_(bulk.values(run_ids)), Run.executing.is_(False))
    return set(await session.scalars(query))


async def end_nodes(
    session: AsyncSession, cluster_id: str, *, at: datetime, message: str | None = None
) -> None:
    """All nodes of a cluster have been stopped."""
    for node in await node_store.living(session, cluster_id):
        nodes.end(node, NodeState.STOPPED, at=at, message=message)


async def restart_runs(
    session: AsyncSession, cluster_id: str, *, at: datetime, reason: str
) -> Sequence[Run]:
    """All that a cluster consisted of is gone; the runs that execute on it begin again."""
    cluster = await session.get_one(Cluster, cluster_id)
    cluster.head_launched_at = cluster.head_began_at = cluster.head_address = None
    await end_nodes(session, cluster_id, at=at, message=reason)
    executing = await runs.executing(session, cluster_id)
    await runs.restart_tasks(session, [run.id for run in executing], at=at, reason=reason)
    return executing


async def acquit(session: AsyncSession, cluster_id: str, *, blamed: Run) -> None:
    """The loss of a head was the doing of one run; it does not count against the others.

    They get another head, on which the next loss is counted.
    """
    for run in await runs.executing(session, cluster_id):
        if run is not blamed:
            run.heads_lost = max(0, run.heads_lost - 1)


async def fail_runs(
    services: EngineServices, session: AsyncSession, failing: Iterable[Run], *, message: str
) -> None:
    """Runs cannot go on."""
    for run in failing:
        await lifecycle.finish(
            services, session, run, state=State.FAILED, message=message, at=services.clock()
        )
