"""Pools and nodes as the HTTP API shows them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.engine.runs.tasks import Attempt
from orquestra.sdk.schema import api


def pools(
    pools: Iterable[tuple[ClusterPool, int]],
    nodes: Iterable[Node],
    *,
    attempts: Iterable[Attempt] = (),
) -> list[api.Pool]:
    """Pools, each with the most nodes that a run may use of it, with these nodes and attempts."""
    on_node: defaultdict[str | None, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        on_node[attempt.node_id].append(attempt)
    of_pool: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        of_pool[node.pool_id].append(node)
    return [_pool(pool, of_pool[pool.id], on_node, max_nodes=most) for pool, most in pools]


def _pool(
    pool: ClusterPool,
    nodes: Iterable[Node],
    attempts: Mapping[str | None, Sequence[Attempt]],
    *,
    max_nodes: int,
) -> api.Pool:
    return api.Pool(
        id=pool.id,
        image=pool.image,
        digest=_digest(pool),
        max_nodes=max_nodes,
        cpu=pool.cpu,
        memory=pool.memory,
        gpu=pool.gpu,
        nodes=[_node(node, pool, attempts.get(node.id, ())) for node in nodes],
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
