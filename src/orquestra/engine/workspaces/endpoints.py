"""`/api/catalog/workspaces` and their projects."""

from fastapi import APIRouter

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.dependencies import ReadSession
from orquestra.engine.workspaces import service, store, views
from orquestra.engine.workspaces.names import workspace_of
from orquestra.sdk.schema import catalog

router = APIRouter(prefix="/api/catalog", tags=["workspaces"])


@router.get("/workspaces")
async def list_workspaces(session: ReadSession, caller: CurrentUser) -> list[catalog.Workspace]:
    """The workspaces that you may use, your own one first; an administrator may use all."""
    found = await service.of_caller(session, caller)
    owners = await store.owners(session)
    return [views.workspace(row, owner=owners.get(row.id)) for row in found]


# Ids of workspaces may hold slashes, which clients send as they are.
@router.get("/workspaces/{resource_name:path}/projects")
async def list_projects(
    resource_name: str, session: ReadSession, caller: CurrentUser
) -> list[catalog.Project]:
    """The projects of a workspace, which is named `zri:v1::0:system:resource_group:<id>`."""
    found = await service.projects(session, workspace_of(resource_name), caller=caller)
    return [views.project(row) for row in found]
