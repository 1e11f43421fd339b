"""What can be done with workflow definitions."""

import uuid

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.clock import Clock
from orquestra.engine.database.tables import Definition
from orquestra.engine.definitions import store
from orquestra.engine.definitions.validity import check_definition
from orquestra.engine.errors import Forbidden, InvalidDefinition, NotFound
from orquestra.engine.ownership import Space
from orquestra.sdk.schema import ir

_SHOWN_PROBLEMS = 3


async def create(session: AsyncSession, body: bytes, *, space: Space, clock: Clock) -> Definition:
    """Check a definition and store it as it came.

    Raises:
        InvalidDefinition: It is not a workflow definition, or its graph can never run.
    """
    definition = _parse(body)
    check_definition(definition)
    row = Definition(
        id=str(uuid.uuid4()),
        name=definition.name,
        owner=space.owner,
        workspace_id=space.workspace_id,
        project_id=space.project_id,
        created_at=clock(),
        sdk_version=definition.metadata.sdk_version.original if definition.metadata else "",
        document=body.decode(),
    )
    await store.add(session, row)
    return row


async def get(session: AsyncSession, definition_id: str, *, user: str) -> Definition:
    """A definition that a user may see.

    Raises:
        NotFound: There is none of that id.
        Forbidden: It belongs to somebody else.
    """
    row = await store.get(session, definition_id)
    if row is None:
        raise NotFound(f"There is no workflow definition {definition_id!r}.")
    if row.owner != user:
        raise Forbidden("This workflow definition belongs to somebody else.")
    return row


def _parse(body: bytes) -> ir.WorkflowDef:
    try:
        return ir.WorkflowDef.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors()
        shown = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
            for problem in problems[:_SHOWN_PROBLEMS]
        )
        more = f" (and {len(problems) - _SHOWN_PROBLEMS} more)" * (len(problems) > _SHOWN_PROBLEMS)
        raise InvalidDefinition(
            f"The document is not a workflow definition: {shown}{more}."
        ) from error
