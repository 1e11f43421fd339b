"""`/api/workflow-definitions`."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.database.tables import Definition
from orquestra.engine.definitions import service, store
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.http import bodies, openapi, paging
from orquestra.engine.services import EngineServices
from orquestra.engine.timestamps import timestamp
from orquestra.engine.workspaces.spaces import Space
from orquestra.sdk.schema import api, ir

router = APIRouter(prefix="/api/workflow-definitions", tags=["workflow definitions"])

_JSON = "application/json"
_DOCUMENTS_AT_ONCE = 10


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model_exclude_none=True,
    responses=openapi.NO_SUCH_WORKSPACE,
    openapi_extra=bodies.documented(ir.WorkflowDef),
)
async def create_definition(
    request: Request,
    services: Services,
    caller: CurrentUser,
    workspaceId: str | None = None,  # noqa: N803 - the wire's name
    projectId: str | None = None,  # noqa: N803
) -> api.Envelope[api.Id]:
    """Store a definition, in your personal workspace unless another one is named."""
    space = Space.of(caller.user, workspaceId, projectId)
    row = await service.create(services, await request.body(), caller=caller, space=space)
    return api.Envelope(data=api.Id(id=row.id))


@router.get("", response_model=api.Envelope[list[api.Definition]])
async def list_definitions(
    services: Services, caller: CurrentUser, asked: Annotated[paging.PageQuery, Query()]
) -> Response:
    """Your definitions, newest first."""
    async with services.database.reading() as session:
        rows = await store.page(session, owner=caller.user, size=asked.size, after=asked.after)
    meta = paging.next_page(rows, size=asked.size).model_dump_json(by_alias=True)
    return StreamingResponse(_page(services, rows, meta=meta), media_type=_JSON)


@router.get("/{definition_id}", response_model=api.Envelope[api.Definition])
async def get_definition(definition_id: str, session: ReadSession, caller: CurrentUser) -> Response:
    """A definition as it was submitted, and where it was put."""
    row = await service.get(session, definition_id, caller=caller)
    document = await store.document(session, definition_id)
    return Response(f'{{"data":{_definition_json(row, document)}}}', media_type=_JSON)


@router.delete(
    "/{definition_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={status.HTTP_409_CONFLICT: {}},
)
async def delete_definition(definition_id: str, services: Services, caller: CurrentUser) -> None:
    """Forget a definition; one that has runs stays."""
    async with services.database.writing() as session:
        await service.delete(session, definition_id, caller=caller)


async def _page(
    services: EngineServices, rows: Sequence[Definition], *, meta: str
) -> AsyncIterator[str]:
    """A page piece by piece: its documents together may be larger than the memory."""
    yield '{"data":['
    separator = ""
    for start in range(0, len(rows), _DOCUMENTS_AT_ONCE):
        some = rows[start : start + _DOCUMENTS_AT_ONCE]
        async with services.database.reading() as session:
            documents = await store.documents(session, [row.id for row in some])
        for row in some:
            if row.id in documents:  # else it has just been deleted
                yield separator + _definition_json(row, documents[row.id])
                separator = ","
    yield f'],"meta":{meta}}}'


def _definition_json(row: Definition, document: str) -> str:
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
    return f'{head[:-1]},"workflow":{document}}}'
