"""`/healthz` and `/readyz`; neither needs a login."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.clusters import store as clusters
from orquestra.engine.dependencies import Services
from orquestra.engine.nodes import store as nodes
from orquestra.sdk.schema.cluster import NodeState

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(Health):
    """Whether the engine can do its work; `reason` where it can't.

    `cluster` is that of a local engine, where it has one: `ready` for tasks, or `warming` up.
    """

    reason: str | None = None
    cluster: Literal["ready", "warming"] | None = None


@router.get("/healthz")
@router.head("/healthz", include_in_schema=False)
async def healthz() -> Health:
    """Whether the process answers."""
    return Health()


@router.get(
    "/readyz",
    response_model_exclude_none=True,
    responses={
        503: {"model": Readiness, "description": "Not (yet, or any more); `reason` says why."}
    },
)
@router.head("/readyz", include_in_schema=False)
async def readyz(services: Services, response: Response) -> Readiness:
    """Whether the database answers and containers are looked after; 503 with the reason if not."""
    try:
        await services.database.ping()
    except SQLAlchemyError as error:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        cause = getattr(error, "orig", None) or error
        return Readiness(status="unavailable", reason=f"The database does not answer: {cause}.")
    reason = services.pulse.trouble()
    if reason:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Readiness(status="unavailable", reason=reason)
    async with services.database.reading() as session:
        return Readiness(cluster=await _shared_cluster(session))


async def _shared_cluster(session: AsyncSession) -> Literal["ready", "warming"] | None:
    cluster = await clusters.shared(session)
    if cluster is None:
        return None
    found = await nodes.living(session, cluster.id)
    joined = any(node.state is NodeState.READY for node in found)
    return "ready" if cluster.head_began_at is not None and joined else "warming"
