"""`/api/workflow-runs` and `/api/workflow-run-events`."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from orquestra.engine.auth.access import CurrentUser, Token
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.http import bodies, openapi, paging, server_sent
from orquestra.engine.runs import progress, requests, service, snapshots, views
from orquestra.engine.streams.counting import counted
from orquestra.sdk.schema import api

router = APIRouter(prefix="/api", tags=["workflow runs"])


@router.post(
    "/workflow-runs",
    status_code=status.HTTP_201_CREATED,
    response_model_exclude_none=True,
    responses={status.HTTP_503_SERVICE_UNAVAILABLE: {}},
    openapi_extra=bodies.documented(api.CreateRun),
)
async def create_run(
    request: Request, services: Services, caller: CurrentUser
) -> api.Envelope[api.Id]:
    """Run a stored definition. Refused with every reason if it could never succeed here."""
    wanted = requests.read(await request.body())
    run = await service.create(services, wanted, caller=caller)
    return api.Envelope(data=api.Id(id=run.id))


@router.get("/workflow-runs", response_model_exclude_none=True, responses=openapi.NO_SUCH_WORKSPACE)
async def list_runs(
    services: Services,
    session: ReadSession,
    caller: CurrentUser,
    asked: Annotated[requests.RunsQuery, Query()],
) -> api.Envelope[list[api.RunSummary]]:
    """Your runs, or all of a workspace, newest first."""
    runs = await service.page(services, session, asked, caller=caller)
    return api.Envelope(
        data=[views.summary(run) for run in runs], meta=paging.next_page(runs, size=asked.size)
    )


@router.get("/workflow-runs/{run_id}", response_model=api.Envelope[api.Run])
async def get_run(
    run_id: str, services: Services, caller: CurrentUser, tasks: bool = True
) -> Response:
    """A run with the state of every task, or, without `tasks`, with their numbers only."""
    async with services.database.reading() as session:
        run = await service.get(session, run_id, caller=caller)
        if not tasks:
            return Response(await snapshots.brief(session, run), media_type="application/json")
    return Response(await snapshots.document(services, run), media_type="application/json")


@router.get(
    "/workflow-run-events",
    response_class=Response,
    responses=server_sent.documented(
        "events `progress`: `RunProgress`; `tasks`: `TaskChanges`; `nodes`: `PoolList`; "
        "at last `end`: `RunProgress`"
    ),
)
async def watch_run(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    caller: CurrentUser,
    token: Token,
    last_event_id: server_sent.LastEventId,
    tasks: bool = False,
) -> Response:
    """The progress of a run now and after each change, until nothing of it executes any more.

    With `tasks` also its tasks, first all of them and then those that change, and its nodes.
    """
    async with services.database.reading() as session:
        await service.get(session, workflowRunId, caller=caller)
    events = progress.stream(
        services,
        workflowRunId,
        tasks=tasks,
        known=last_event_id,
        still_may_see=partial(service.still_may_see, services, workflowRunId, token=token),
    )
    return server_sent.answer(counted(events, services.changes, user=caller.user))


@router.post("/workflow-runs/{run_id}/terminate", status_code=status.HTTP_204_NO_CONTENT)
async def terminate_run(
    run_id: str, services: Services, caller: CurrentUser, force: bool = False
) -> None:
    """End a run. One that is over already stays as it is."""
    async with services.database.writing() as session:
        await service.stop(services, session, run_id, caller=caller, force=force)
