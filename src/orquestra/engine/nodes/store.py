"""Queries on nodes."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Node
from orquestra.sdk.schema.cluster import NodeState

FINAL_STATES = [state for state in NodeState if state.is_final()]


async def get(session: AsyncSession, run_id: str, *, node_id: str) -> Node | None:
    """A node."""
    return await session.get(Node, (run_id, node_id))


async def of_run(session: AsyncSession, run_id: str) -> Sequence[Node]:
    """All nodes that a run ever had, oldest first."""
    query = select(Node).where(Node.run_id == run_id).order_by(Node.requested_at, Node.id)
    return (await session.scalars(query)).all()


async def living(session: AsyncSession, run_id: str) -> Sequence[Node]:
    """Nodes of a run that are not gone."""
    query = select(Node).where(Node.run_id == run_id, Node.state.not_in(FINAL_STATES))
    return (await session.scalars(query.order_by(Node.requested_at, Node.id))).all()


async def count_living(session: AsyncSession, run_id: str, *, pool_id: str) -> int:
    """How many nodes of a pool are not gone; one that is stopping still counts."""
    query = select(func.count()).where(
        Node.run_id == run_id, Node.pool_id == pool_id, Node.state.not_in(FINAL_STATES)
    )
    return await session.scalar(query) or 0


async def of_request(
    session: AsyncSession, run_id: str, *, pool_id: str, request_id: str
) -> Sequence[Node]:
    """Nodes made for one request of the autoscaler."""
    query = select(Node).where(
        Node.run_id == run_id, Node.pool_id == pool_id, Node.request_id == request_id
    )
    return (await session.scalars(query.order_by(Node.requested_at, Node.id))).all()
