"""`/api/workflow-runs` and `/api/workflow-run-events`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import StreamingResponse

from orquestra.engine import bodies, paging
from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.errors import BadRequest
from orquestra.engine.runs import progress, requests, service, store, views
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State

router = APIRouter(prefix="/api", tags=["workflow runs"])

_EVENTS = "text/event-stream"


@router.post(
    "/workflow-runs",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=bodies.documented(api.CreateRun),
)
async def create_run(
    request: Request, services: Services, caller: CurrentUser
) -> api.Envelope[api.Id]:
    """Run a stored definition. Refused with every reason if it could never succeed here."""
    wanted = requests.read(await request.body())
    run = await service.create(services, wanted, caller=caller)
    return api.Envelope(data=api.Id(id=run.id))


@router.get("/workflow-runs", response_model_exclude_none=True)
async def list_runs(
    services: Services,
    session: ReadSession,
    caller: CurrentUser,
    workflowDefinitionID: str | None = None,  # noqa: N803 - the wire's names
    pageSize: int | None = None,  # noqa: N803
    pageToken: str | None = None,  # noqa: N803
    workspaceId: str | None = None,  # noqa: N803
    projectId: str | None = None,  # noqa: N803
    maxAge: int | None = None,  # noqa: N803
    state: str | None = None,
) -> api.Envelope[list[api.RunSummary]]:
    """Your runs, newest first. `state` takes names joined by commas, `maxAge` whole seconds."""
    size = paging.page_size(pageSize)
    runs = await store.page(
        session,
        owner=caller.user,
        size=size,
        after=paging.position(pageToken),
        definition_id=workflowDefinitionID,
        workspace_id=workspaceId,
        project_id=projectId,
        created_since=_created_since(services.clock(), max_age=maxAge),
        states=_states(state),
    )
    return api.Envelope(
        data=[views.summary(run) for run in runs], meta=paging.next_page(runs, size=size)
    )


@router.get("/workflow-runs/{run_id}", response_model=api.Envelope[api.Run])
async def get_run(
    run_id: str, services: Services, session: ReadSession, caller: CurrentUser, tasks: bool = True
) -> Response:
    """A run with the state of every task, or, without `tasks`, with their numbers only."""
    run = await service.get(session, run_id, caller=caller)
    found = views.run(run, await service.tasks(services, session, run) if tasks else ())
    # Written here, since FastAPI would check each of its tasks again.
    text = api.Envelope(data=found).model_dump_json(by_alias=True, exclude_none=True)
    return Response(text, media_type="application/json")


@router.get(
    "/workflow-run-events",
    response_class=Response,
    responses={200: {"content": {_EVENTS: {}}, "description": "events `progress`: `RunProgress`"}},
)
async def watch_run(
    workflowRunId: str,  # noqa: N803 - the wire's name
    services: Services,
    caller: CurrentUser,
) -> Response:
    """The progress of a run now and after each change, until nothing of it executes any more."""
    async with services.database.reading() as session:
        await service.get(session, workflowRunId, caller=caller)
    return StreamingResponse(
        progress.stream(services, workflowRunId),
        media_type=_EVENTS,
        headers={"Cache-Control": "no-store"},
    )


@router.post("/workflow-runs/{run_id}/terminate", status_code=status.HTTP_204_NO_CONTENT)
async def terminate_run(
    run_id: str, services: Services, caller: CurrentUser, force: bool = False
) -> None:
    """End a run. One that is over already stays as it is."""
    async with services.database.writing() as session:
        await service.stop(services, session, run_id, caller=caller, force=force)


def _created_since(now: datetime, *, max_age: int | None) -> datetime | None:
    if max_age is None:
        return None
    if max_age < 0:
        raise BadRequest(f"maxAge is {max_age}, but an age is 0 seconds or more.")
    try:
        return now - timedelta(seconds=max_age)
    except OverflowError:  # older than the calendar: all of them
        return None


def _states(names: str | None) -> Sequence[State]:
    wanted = names.split(",") if names else []
    unknown = [name for name in wanted if name not in State.__members__]
    if unknown:
        raise BadRequest(
            f"There is no state {unknown[0]!r}; give one or more of "
            f"{', '.join(State.__members__)}, joined by commas."
        )
    return [State(name) for name in wanted]
