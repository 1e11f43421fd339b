"""`/api/workflow-run-logs`, `/api/task-run-logs`.

Of ours are `/api/workflow-run-logs/tasks` and `/api/workflow-run-log-events`.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from orquestra.engine.auth.access import CurrentUser, Token
from orquestra.engine.auth.caller import Caller
from orquestra.engine.dependencies import Services
from orquestra.engine.http import server_sent
from orquestra.engine.logs import service
from orquestra.engine.logs.arrivals import START, Position
from orquestra.engine.logs.streaming import Wanted, stream
from orquestra.engine.runs import service as runs
from orquestra.engine.services import EngineServices
from orquestra.engine.streams.counting import counted
from orquestra.sdk.schema.cluster import LogKind

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
    return await _packed(services, lambda: service.workflow_archive(services.logs, workflowRunId))


@router.get("/workflow-run-logs/system", response_class=Response, responses=_DOCUMENTED)
async def get_system_logs(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    caller: CurrentUser,
) -> Response:
    """What happened to the run's cluster."""
    await _check_access(services, workflowRunId, caller=caller)
    return await _packed(services, lambda: service.system_archive(services.logs, workflowRunId))


@router.get("/workflow-run-logs/tasks", response_class=Response, responses=_DOCUMENTED)
async def get_logs_of_tasks(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    caller: CurrentUser,
) -> Response:
    """Output of all tasks; the tag of each line is `workflow.logs.<run>.<task invocation>`."""
    async with services.database.reading() as session:
        run = await runs.get(session, workflowRunId, caller=caller)
        definition = await services.definitions.of_run(session, run)
    names = definition.document.task_invocations
    return await _packed(
        services, lambda: service.tasks_archive(services.logs, run.id, invocation_ids=names)
    )


@router.get("/task-run-logs", response_class=Response, responses=_DOCUMENTED)
async def get_task_logs(
    workflowRunId: str,  # noqa: N803 - the wire's names
    taskInvocationId: str,  # noqa: N803
    services: Services,
    caller: CurrentUser,
) -> Response:
    """Output of one task, or of one element of a map."""
    async with services.database.reading() as session:
        run = await runs.get(session, workflowRunId, caller=caller)
        await runs.check_invocation(services, session, run, taskInvocationId)
    return await _packed(
        services,
        lambda: service.task_archive(services.logs, workflowRunId, invocation_id=taskInvocationId),
    )


@router.get(
    "/workflow-run-log-events",
    response_class=Response,
    responses=server_sent.documented("events `line`: `RunLogLine`; at last `end`: `RunProgress`"),
)
async def follow_logs(
    workflowRunId: str,  # noqa: N803 - the wire's names
    services: Services,
    caller: CurrentUser,
    token: Token,
    last_event_id: server_sent.LastEventId,
    taskInvocationId: str | None = None,  # noqa: N803
    kind: Annotated[list[LogKind] | None, Query()] = None,
) -> Response:
    """All lines of a run that there are, then those that come, until it is over.

    Without `kind` those of all kinds are told; with `taskInvocationId` those of one task.
    """
    async with services.database.reading() as session:
        run = await runs.get(session, workflowRunId, caller=caller)
        if taskInvocationId:
            await runs.check_invocation(services, session, run, taskInvocationId)
    after = Position.parse(last_event_id) if last_event_id else START
    await services.logs.aside(lambda: services.logs.arrivals(workflowRunId).check(after))
    wanted = _wanted(kind, invocation_id=taskInvocationId)
    may = partial(runs.still_may_see, services, workflowRunId, token=token)
    events = stream(services, workflowRunId, wanted=wanted, after=after, still_may_see=may)
    return server_sent.answer(counted(events, services.changes, user=caller.user))


def _wanted(kinds: list[LogKind] | None, *, invocation_id: str | None) -> Wanted:
    if not kinds:
        kinds = [LogKind.TASK] if invocation_id else list(LogKind)
    return Wanted(kinds=frozenset(kinds), invocation_id=invocation_id)


async def _check_access(services: EngineServices, run_id: str, *, caller: Caller) -> None:
    # Not for the whole request: packing takes its time, and the connection is needed elsewhere.
    async with services.database.reading() as session:
        await runs.get(session, run_id, caller=caller)


async def _packed(services: EngineServices, make: Callable[[], IO[bytes]]) -> Response:
    return StreamingResponse(_pieces(await services.logs.aside(make)), media_type=_ARCHIVE)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
