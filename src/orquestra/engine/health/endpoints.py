"""`/healthz` and `/readyz`; neither needs a login."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from orquestra.engine.dependencies import Services

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(Health):
    """Whether the engine can do its work; `reason` where it can't."""

    reason: str | None = None


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the process answers."""
    return Health()


@router.get("/readyz", response_model_exclude_none=True)
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
    return Readiness()
