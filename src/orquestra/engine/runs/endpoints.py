"""`/api/workflow-runs`."""

from datetime import timedelta

from fastapi import APIRouter, status

from orquestra.engine import paging
from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.runs import service, store, views
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State

router = APIRouter(prefix="/api/workflow-runs", tags=["workflow runs"])


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_run(
    request: api.CreateRun, services: Services, user: CurrentUser
) -> api.Envelope[api.Id]:
    """Run a stored definition. Refused with every reason if it could never succeed here."""
    run = await service.create(services, request, user=user)
    return api.Envelope(data=api.Id(id=run.id))


@router.get("", response_model_exclude_none=True)
async def list_runs(
    services: Services,
    session: ReadSession,
    user: CurrentUser,
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
        owner=user,
        size=size,
        after=paging.position(pageToken),
        definition_id=workflowDefinitionID,
        workspace_id=workspaceId,
        project_id=projectId,
        created_since=None if maxAge is None else services.clock() - timedelta(seconds=maxAge),
        states=[State(name) for name in state.split(",")] if state else (),
    )
    full = runs and len(runs) == size
    token = paging.Position(at=runs[-1].created_at, id=runs[-1].id).token() if full else ""
    return api.Envelope(
        data=[views.summary(run) for run in runs], meta=api.Meta(next_page_token=token)
    )


@router.get("/{run_id}", response_model_exclude_none=True)
async def get_run(run_id: str, session: ReadSession, user: CurrentUser) -> api.Envelope[api.Run]:
    """A run with the state of every task."""
    run = await service.get(session, run_id, user=user)
    return api.Envelope(data=views.run(run, await store.tasks(session, run_id)))


@router.post("/{run_id}/terminate", status_code=status.HTTP_204_NO_CONTENT)
async def terminate_run(
    run_id: str, services: Services, user: CurrentUser, force: bool = False
) -> None:
    """End a run. One that is over already stays as it is."""
    async with services.database.writing() as session:
        await service.stop(session, run_id, user=user, force=force, at=services.clock())
    services.wake.ring()
