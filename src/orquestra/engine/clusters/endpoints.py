"""`/internal/runs/{run_id}`: the engine as the head of a run cluster sees it."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response, status
from fastapi.responses import StreamingResponse

from orquestra.engine.artifacts import service as artifact_service
from orquestra.engine.artifacts import store as artifacts
from orquestra.engine.auth.access import CurrentRun
from orquestra.engine.clusters import service
from orquestra.engine.database.tables import Node
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.errors import NotFound
from orquestra.engine.nodes import service as node_service
from orquestra.engine.nodes import store as node_store
from orquestra.sdk.schema.cluster import (
    FORMAT_HEADER,
    ClusterNode,
    EventBatch,
    NodeId,
    NodeRequest,
    PoolId,
    RunPlan,
)

router = APIRouter(prefix="/internal/runs/{run_id}", tags=["run clusters"])


@router.get("/plan")
async def get_plan(services: Services, run: CurrentRun) -> RunPlan:
    """What to run."""
    return await service.plan(services, run)


@router.post("/events", status_code=status.HTTP_204_NO_CONTENT)
async def post_events(batch: EventBatch, services: Services, run: CurrentRun) -> None:
    """What happened."""
    await service.record(services, run, batch=batch)


@router.put("/artifacts/{artifact_node_id}", status_code=status.HTTP_204_NO_CONTENT)
async def put_artifact(
    artifact_node_id: str,
    request: Request,
    services: Services,
    run: CurrentRun,
    value_format: Annotated[str, Header(alias=FORMAT_HEADER)],
) -> None:
    """Store a value."""
    async with services.database.reading() as session:
        row = await service.executing_run(session, run)
        definition = await services.definitions.of_run(session, row)
    await artifact_service.put(
        services,
        run,
        artifact_node_id=artifact_node_id,
        value_format=value_format,
        content=request.stream(),
        definition=definition,
    )


@router.get("/artifacts/{artifact_node_id}", response_class=Response)
async def get_artifact(
    artifact_node_id: str, services: Services, session: ReadSession, run: CurrentRun
) -> Response:
    """A stored value."""
    await service.executing_run(session, run)
    row = await artifacts.of_node(session, run, artifact_node_id=artifact_node_id)
    if row is None:
        raise NotFound(f"The run has stored no artifact {artifact_node_id!r}.")
    return StreamingResponse(
        services.artifacts.stream(run, row.file),
        media_type="application/octet-stream",
        headers={FORMAT_HEADER: row.format},
    )


@router.get("/nodes")
async def list_nodes(session: ReadSession, run: CurrentRun) -> list[ClusterNode]:
    """The nodes that exist or are on their way."""
    await service.executing_run(session, run)
    return [_cluster_node(node) for node in await node_store.living(session, run)]


@router.post("/nodes")
async def request_nodes(
    wanted: NodeRequest, services: Services, run: CurrentRun
) -> list[ClusterNode]:
    """More nodes of a pool, never more than its cap."""
    async with services.database.writing() as session:
        await service.executing_run(session, run)
        nodes = await node_service.request(session, run, wanted=wanted, at=services.clock())
    services.wake.ring()
    return [_cluster_node(node) for node in nodes]


@router.delete("/nodes/{node_id}", status_code=status.HTTP_204_NO_CONTENT)
async def let_node_go(node_id: str, services: Services, run: CurrentRun) -> None:
    """A node that is no longer needed."""
    async with services.database.writing() as session:
        await service.executing_run(session, run)
        await node_service.let_go(session, run, node_id=node_id)
    services.wake.ring()


def _cluster_node(node: Node) -> ClusterNode:
    return ClusterNode(
        id=NodeId(node.id), pool_id=PoolId(node.pool_id), state=node.state, tags=node.tags
    )
