"""`/internal/clusters/{cluster_id}`: the engine as the head of a run cluster sees it."""

from fastapi import APIRouter, Request, Response, status

from orquestra.engine.auth.access import CurrentCluster
from orquestra.engine.clusters import service
from orquestra.engine.database.tables import Node
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.http import bodies
from orquestra.engine.nodes import service as node_service
from orquestra.engine.nodes import store as node_store
from orquestra.sdk.schema.cluster import (
    CacheQuery,
    ClusterNode,
    ClusterWork,
    EventBatch,
    NodeId,
    NodeRequest,
    PoolId,
)

router = APIRouter(prefix="/internal/clusters/{cluster_id}", tags=["run clusters"])


@router.get("/work")
async def get_work(services: Services, cluster: CurrentCluster, after: int) -> ClusterWork:
    """What there is to do, once its version is not `after`."""
    return await service.work(services, cluster, after=after)


@router.get("/runs/{run_id}/plan", response_class=Response)
async def get_plan(run_id: str, services: Services, cluster: CurrentCluster) -> Response:
    """How to execute a run."""
    plan = await service.plan(services, cluster, run_id=run_id)
    return _json(plan.model_dump_json())


@router.get("/runs/{run_id}/definition", response_class=Response)
async def get_definition(run_id: str, services: Services, cluster: CurrentCluster) -> Response:
    """What a run executes."""
    return _json(await service.definition_text(services, cluster, run_id=run_id))


@router.post(
    "/runs/{run_id}/cached",
    response_class=Response,
    openapi_extra=bodies.documented(CacheQuery),
)
async def find_cached(
    run_id: str, request: Request, services: Services, cluster: CurrentCluster
) -> Response:
    """Results of earlier runs to use again."""
    query = bodies.read(CacheQuery, await request.body())
    answer = await service.cached(services, cluster, run_id=run_id, query=query)
    return _json(answer.model_dump_json())


@router.post(
    "/events",
    status_code=status.HTTP_204_NO_CONTENT,
    openapi_extra=bodies.documented(EventBatch),
)
async def post_events(request: Request, services: Services, cluster: CurrentCluster) -> None:
    """What happened."""
    # Read here: FastAPI would make a dictionary of it first, and a batch may have megabytes.
    batch = bodies.read(EventBatch, await request.body())
    await service.record(services, cluster, batch=batch)


@router.get("/nodes")
async def list_nodes(session: ReadSession, cluster: CurrentCluster) -> list[ClusterNode]:
    """The nodes that exist or are on their way."""
    await service.living_cluster(session, cluster)
    return [_cluster_node(node) for node in await node_store.living(session, cluster)]


@router.post("/nodes")
async def request_nodes(
    wanted: NodeRequest, services: Services, cluster: CurrentCluster
) -> list[ClusterNode]:
    """More nodes of a pool, never more than its cap."""
    async with services.database.writing() as session:
        await service.living_cluster(session, cluster)
        nodes = await node_service.request(session, cluster, wanted=wanted, at=services.clock())
    services.wake.ring()
    return [_cluster_node(node) for node in nodes]


@router.delete("/nodes/{node_id}", status_code=status.HTTP_204_NO_CONTENT)
async def let_node_go(node_id: str, services: Services, cluster: CurrentCluster) -> None:
    """A node that is no longer needed."""
    async with services.database.writing() as session:
        await service.living_cluster(session, cluster)
        await node_service.let_go(session, cluster, node_id=node_id)
    services.wake.ring()


def _cluster_node(node: Node) -> ClusterNode:
    return ClusterNode(
        id=NodeId(node.id), pool_id=PoolId(node.pool_id), state=node.state, tags=node.tags
    )


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
