"""`/api/workflow-run-timing`, an addition of ours."""

import asyncio

from fastapi import APIRouter, Response

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.http.dependencies import ReadSession, Services
from orquestra.engine.runs import service as runs
from orquestra.engine.timing import ledger, service
from orquestra.sdk.schema import api

router = APIRouter(prefix="/api", tags=["timing"])


@router.get("/workflow-run-timing", response_model=api.Envelope[api.RunTiming])
async def get_timing(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    session: ReadSession,
    caller: CurrentUser,
) -> Response:
    """Where the time of a run went, by attempt and by image, with advice."""
    run = await runs.get(session, workflowRunId, caller=caller)
    recorded = await service.recorded(services, session, run)
    timing = await asyncio.to_thread(ledger.run_timing, recorded)
    text = api.Envelope(data=timing).model_dump_json(by_alias=True)
    return Response(text, media_type="application/json")
