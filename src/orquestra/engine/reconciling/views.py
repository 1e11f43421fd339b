"""What should exist: runs that are not released, with their nodes, as the database has them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Node, Pool, Run
from orquestra.engine.nodes.store import FINAL_STATES
from orquestra.engine.runs import store as runs
from orquestra.sdk.schema.cluster import NodeId, NodeState
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
    """A run whose cluster may exist, with the nodes that are not gone.

    `head_began`: the executor of the last head launched has reported.
    """

    id: WorkflowRunId
    state: State
    executing: bool
    head_launches: int
    head_launched_at: datetime | None
    head_began: bool
    nodes: tuple[NodeView, ...]


async def unreleased_runs(session: AsyncSession) -> list[RunView]:
    """Views of all runs that are not released, in two queries."""
    rows = await runs.unreleased(session)
    nodes = await _nodes(session)
    return [
        RunView(
            id=WorkflowRunId(row.id),
            state=row.state,
            executing=row.executing,
            head_launches=row.head_launches,
            head_launched_at=row.head_launched_at,
            head_began=row.head_began_at is not None,
            nodes=tuple(nodes[row.id]),
        )
        for row in rows
    ]


async def _nodes(session: AsyncSession) -> dict[str, list[NodeView]]:
    query = (
        select(Node, Pool.image)
        .join(Pool, (Pool.run_id == Node.run_id) & (Pool.id == Node.pool_id))
        .join(Run, Run.id == Node.run_id)
        .where(Run.released.is_(False), Node.state.not_in(FINAL_STATES))
    )
    found: dict[str, list[NodeView]] = defaultdict(list)
    for node, image in await session.execute(query):
        view = NodeView(
            id=NodeId(node.id), image=image, state=node.state, launched_at=node.launched_at
        )
        found[node.run_id].append(view)
    return found
