"""`/api/workflow-run-logs` and `/api/task-run-logs`."""

import asyncio
from collections.abc import Callable, Iterator
from typing import IO, Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.auth.caller import Caller
from orquestra.engine.dependencies import EngineServices, Services
from orquestra.engine.logs import service
from orquestra.engine.runs import service as runs

router = APIRouter(prefix="/api", tags=["logs"])

# Not `Content-Encoding: gzip`: the client unpacks the body itself.
_ARCHIVE = "application/gzip"
_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {_ARCHIVE: {}}, "description": "tar.gz with `step-logs`"}
}
_PIECE = 2**16


@router.get("/workflow-run-logs", response_class=Response, responses=_DOCUMENTED)
async def get_workflow_logs(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    caller: CurrentUser,
) -> Response:
    """Environment set-up and other output of a run that belongs to no task."""
    await _check_access(services, workflowRunId, caller=caller)
    return await _packed(lambda: service.workflow_archive(services.logs, workflowRunId))


@router.get("/workflow-run-logs/system", response_class=Response, responses=_DOCUMENTED)
async def get_system_logs(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    caller: CurrentUser,
) -> Response:
    """What happened to the run's cluster."""
    await _check_access(services, workflowRunId, caller=caller)
    return await _packed(lambda: service.system_archive(services.logs, workflowRunId))


@router.get("/task-run-logs", response_class=Response, responses=_DOCUMENTED)
async def get_task_logs(
    workflowRunId: str,  # noqa: N803 - the wire's names
    taskInvocationId: str,  # noqa: N803
    services: Services,
    caller: CurrentUser,
) -> Response:
    """Output of one task."""
    await _check_access(services, workflowRunId, caller=caller)
    return await _packed(
        lambda: service.task_archive(services.logs, workflowRunId, invocation_id=taskInvocationId)
    )


async def _check_access(services: EngineServices, run_id: str, *, caller: Caller) -> None:
    # Not for the whole request: packing takes its time, and the connection is needed elsewhere.
    async with services.database.reading() as session:
        await runs.get(session, run_id, caller=caller)


async def _packed(make: Callable[[], IO[bytes]]) -> Response:
    return StreamingResponse(_pieces(await asyncio.to_thread(make)), media_type=_ARCHIVE)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
