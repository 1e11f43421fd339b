"""`/api/workflow-run-timing`, an addition of ours."""

from fastapi import APIRouter, Response

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.dependencies import Services
from orquestra.engine.runs import service as runs
from orquestra.engine.timing import service
from orquestra.sdk.schema import api

router = APIRouter(prefix="/api", tags=["timing"])


@router.get("/workflow-run-timing", response_model=api.Envelope[api.RunTiming])
async def get_timing(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    caller: CurrentUser,
) -> Response:
    """Where the time of a run went, by attempt and by image, with advice."""
    async with services.database.reading() as session:
        run = await runs.get(session, workflowRunId, caller=caller)
    text = await service.document(services, run)
    return Response(text, media_type="application/json")
