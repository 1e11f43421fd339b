"""`/api/workflow-run-logs` and `/api/task-run-logs`."""

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.logs import service
from orquestra.engine.runs import service as runs

router = APIRouter(prefix="/api", tags=["logs"])

# Not `Content-Encoding: gzip`: the client unpacks the body itself.
_ARCHIVE = "application/gzip"
_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {_ARCHIVE: {}}, "description": "tar.gz with `step-logs`"}
}


@router.get("/workflow-run-logs", response_class=Response, responses=_DOCUMENTED)
async def get_workflow_logs(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    session: ReadSession,
    user: CurrentUser,
) -> Response:
    """Environment set-up and other output of a run that belongs to no task."""
    run = await runs.get(session, workflowRunId, user=user)
    return await _packed(lambda: service.workflow_archive(services.logs, run.id))


@router.get("/workflow-run-logs/system", response_class=Response, responses=_DOCUMENTED)
async def get_system_logs(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    session: ReadSession,
    user: CurrentUser,
) -> Response:
    """What happened to the run's cluster."""
    run = await runs.get(session, workflowRunId, user=user)
    return await _packed(lambda: service.system_archive(services.logs, run.id))


@router.get("/task-run-logs", response_class=Response, responses=_DOCUMENTED)
async def get_task_logs(
    workflowRunId: str,  # noqa: N803 - the wire's names
    taskInvocationId: str,  # noqa: N803
    services: Services,
    session: ReadSession,
    user: CurrentUser,
) -> Response:
    """Output of one task."""
    run = await runs.get(session, workflowRunId, user=user)
    return await _packed(
        lambda: service.task_archive(services.logs, run.id, invocation_id=taskInvocationId)
    )


async def _packed(make: Callable[[], bytes]) -> Response:
    return Response(await asyncio.to_thread(make), media_type=_ARCHIVE)
