"""`/api/workflow-runs/{run_id}/nodes`, an addition of ours."""

from collections import defaultdict
from collections.abc import Sequence

from fastapi import APIRouter

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.engine.dependencies import ReadSession
from orquestra.engine.nodes import store
from orquestra.engine.runs import service as run_service
from orquestra.engine.runs import store as run_store
from orquestra.engine.runs.tasks import Attempt
from orquestra.sdk.schema import api

router = APIRouter(prefix="/api/workflow-runs", tags=["nodes"])


@router.get("/{run_id}/nodes", response_model_exclude_none=True)
async def list_nodes(
    run_id: str, session: ReadSession, caller: CurrentUser
) -> api.Envelope[list[api.Pool]]:
    """The pools of a run with the nodes that lived during it, and its tasks that ran on each."""
    run = await run_service.get(session, run_id, caller=caller)
    pools = await run_store.pools(session, run)
    attempts: dict[str | None, list[Attempt]] = defaultdict(list)
    for attempt in await run_store.attempts(session, run.id):
        attempts[attempt.node_id].append(attempt)
    nodes = defaultdict(list)
    for node in await store.during(session, run):
        nodes[node.pool_id].append(node)
    return api.Envelope(
        data=[
            _pool(
                pool,
                [_node(node, pool, attempts[node.id]) for node in nodes[pool.id]],
                max_nodes=most,
            )
            for pool, most in pools
        ]
    )


def _pool(pool: ClusterPool, nodes: list[api.Node], *, max_nodes: int) -> api.Pool:
    return api.Pool(
        id=pool.id,
        image=pool.image,
        digest=_digest(pool),
        max_nodes=max_nodes,
        cpu=pool.cpu,
        memory=pool.memory,
        gpu=pool.gpu,
        nodes=nodes,
    )


def _node(node: Node, pool: ClusterPool, attempts: Sequence[Attempt]) -> api.Node:
    return api.Node(
        id=node.id,
        pool=pool.id,
        image=pool.image,
        digest=_digest(pool),
        state=node.state.value,
        message=node.message,
        request_time=node.requested_at,
        start_time=node.joined_at,
        end_time=node.ended_at,
        tasks=[
            api.NodeTask(
                invocation_id=attempt.invocation_id,
                state=attempt.state,
                start_time=attempt.started_at,
                end_time=attempt.ended_at,
            )
            for attempt in attempts
            if attempt.started_at
        ],
    )


def _digest(pool: ClusterPool) -> str:
    return pool.pinned_image.rpartition("@")[2]
