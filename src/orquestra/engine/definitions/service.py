"""What can be done with workflow definitions."""

import asyncio
import uuid

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine import bodies
from orquestra.engine.auth.caller import Caller
from orquestra.engine.database.tables import Definition
from orquestra.engine.definitions import store
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.definitions.validity import check_definition
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import DefinitionInUse, InvalidDefinition, NotFound
from orquestra.engine.ownership import Space
from orquestra.sdk.schema import ir


async def create(services: EngineServices, body: bytes, *, space: Space) -> Definition:
    """Check a definition and store it as it came.

    Raises:
        InvalidDefinition: It is not a workflow definition, or its graph can never run.
    """
    parsed = await asyncio.to_thread(_checked, body)
    definition = parsed.document
    row = Definition(
        id=str(uuid.uuid4()),
        name=definition.name,
        owner=space.owner,
        workspace_id=space.workspace_id,
        project_id=space.project_id,
        created_at=services.clock(),
        sdk_version=definition.metadata.sdk_version.original if definition.metadata else "",
        document=body.decode(),
    )
    async with services.database.writing() as session:
        await store.add(session, row)
    # A run of it is what comes next.
    services.definitions.keep(row.id, parsed)
    return row


async def get(session: AsyncSession, definition_id: str, *, caller: Caller) -> Definition:
    """A definition that a user may see, without its document.

    Raises:
        NotFound: There is none of that id.
        Forbidden: It belongs to somebody else.
    """
    row = await store.get(session, definition_id)
    if row is None:
        raise NotFound(f"There is no workflow definition {definition_id!r}.")
    caller.check_may_see(row, what="workflow definition")
    return row


async def delete(session: AsyncSession, definition_id: str, *, caller: Caller) -> None:
    """Forget a definition that no run refers to.

    Raises:
        NotFound: There is none of that id.
        Forbidden: It belongs to somebody else.
        DefinitionInUse: Runs of it exist, and are shown with it.
    """
    row = await get(session, definition_id, caller=caller)
    caller.check_may_change(row, what="workflow definition")
    if await store.has_runs(session, definition_id):
        raise DefinitionInUse(
            f"The workflow definition {definition_id!r} has runs, which cannot be shown without "
            "it. It stays as long as they do."
        )
    await session.delete(row)


def _checked(body: bytes) -> ParsedDefinition:
    try:
        definition = ir.WorkflowDef.model_validate_json(body)
    except ValidationError as error:
        raise InvalidDefinition(
            f"The document is not a workflow definition: {bodies.problems(error)}."
        ) from error
    check_definition(definition)
    return ParsedDefinition(definition, size=len(body))
