"""Asking for nodes and letting them go."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.engine.errors import NotFound
from orquestra.engine.nodes import store
from orquestra.sdk.schema.cluster import NodeRequest, NodeState

_ID_BYTES = 4


async def request(
    session: AsyncSession, cluster_id: str, *, wanted: NodeRequest, at: datetime
) -> Sequence[Node]:
    """Record nodes to be started: as many as asked for, but never more than the pool's cap.

    The session holds the writer's lock, so two requests cannot both take the last place.

    Raises:
        NotFound: The run cluster has no such pool.
    """
    pool = await session.get(ClusterPool, (cluster_id, wanted.pool_id))
    if pool is None:
        raise NotFound(f"The run cluster has no pool {wanted.pool_id!r}.")
    made = await store.of_request(
        session, cluster_id, pool_id=pool.id, request_id=wanted.request_id
    )
    if made:
        return made
    living = await store.count_living(session, cluster_id, pool_id=pool.id)
    nodes = [
        Node(
            cluster_id=cluster_id,
            id=f"n-{secrets.token_hex(_ID_BYTES)}",
            pool_id=pool.id,
            pinned_image=pool.pinned_image,
            request_id=wanted.request_id,
            tags=wanted.tags,
            state=NodeState.REQUESTED,
            requested_at=at,
        )
        for _ in range(min(wanted.count, pool.max_nodes - living))
    ]
    session.add_all(nodes)
    await session.flush()
    return sorted(nodes, key=lambda node: node.id)


async def let_go(session: AsyncSession, cluster_id: str, *, node_id: str) -> None:
    """Record that a node is no longer needed. One that is gone stays as it is."""
    node = await store.get(session, cluster_id, node_id=node_id)
    if node is not None and not node.state.is_final():
        node.state = NodeState.STOPPING


def end(node: Node, state: NodeState, *, at: datetime, message: str | None = None) -> None:
    """Record the end of a node. The first end counts."""
    if not node.state.is_final():
        node.state, node.ended_at, node.message = state, at, message
