"""`/api/workflow-definitions`."""

import json

from fastapi import APIRouter, Request, Response, status

from orquestra.engine import bodies, paging
from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.database.tables import Definition
from orquestra.engine.definitions import service, store
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.ownership import Space
from orquestra.engine.timestamps import timestamp
from orquestra.sdk.schema import api, ir

router = APIRouter(prefix="/api/workflow-definitions", tags=["workflow definitions"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=bodies.documented(ir.WorkflowDef),
)
async def create_definition(  # noqa: D103 - the summary is the name
    request: Request,
    services: Services,
    user: CurrentUser,
    workspaceId: str | None = None,  # noqa: N803 - the wire's name
    projectId: str | None = None,  # noqa: N803
) -> api.Envelope[api.Id]:
    space = Space.of(user, workspaceId, projectId)
    row = await service.create(services, await request.body(), space=space)
    return api.Envelope(data=api.Id(id=row.id))


@router.get("", response_model=api.Envelope[list[api.Definition]])
async def list_definitions(  # noqa: D103
    session: ReadSession,
    user: CurrentUser,
    pageSize: int | None = None,  # noqa: N803
    pageToken: str | None = None,  # noqa: N803
) -> Response:
    size = paging.page_size(pageSize)
    rows = await store.page(session, owner=user, size=size, after=paging.position(pageToken))
    items = ",".join(_definition_json(row) for row in rows)
    meta = paging.next_page(rows, size=size).model_dump_json(by_alias=True)
    return _json(f'{{"data":[{items}],"meta":{meta}}}')


@router.get("/{definition_id}", response_model=api.Envelope[api.Definition])
async def get_definition(  # noqa: D103
    definition_id: str, session: ReadSession, user: CurrentUser
) -> Response:
    row = await service.get(session, definition_id, user=user)
    return _json(f'{{"data":{_definition_json(row)}}}')


@router.delete("/{definition_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_definition(definition_id: str, services: Services, user: CurrentUser) -> None:
    """Forget a definition; one that has runs stays."""
    async with services.database.writing() as session:
        await service.delete(session, definition_id, user=user)


def _definition_json(row: Definition) -> str:
    # The document is handed back to the letter, and parsing it again would be wasted time.
    head = json.dumps(
        {
            "id": row.id,
            "created": timestamp(row.created_at),
            "owner": row.owner,
            "workspaceId": row.workspace_id,
            "project": row.project_id,
            "sdkVersion": row.sdk_version,
        }
    )
    return f'{head[:-1]},"workflow":{row.document}}}'


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
