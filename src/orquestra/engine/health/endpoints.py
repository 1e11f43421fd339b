"""`/healthz` and `/readyz`; neither needs a login."""

from fastapi import APIRouter
from pydantic import BaseModel

from orquestra.engine.dependencies import Services

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(Health):
    """All that a run needs answers; `containers` are those of this engine right now."""

    containers: int


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the process answers."""
    return Health()


@router.get("/readyz")
async def readyz(services: Services) -> Readiness:
    """Whether database and container engine answer; 500 with the reason where not."""
    await services.database.ping()
    inventory = await services.provisioner.inventory()
    return Readiness(containers=len(inventory.containers))
