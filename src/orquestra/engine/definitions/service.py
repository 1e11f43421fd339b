"""What can be done with workflow definitions."""

import asyncio
import uuid

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Caller
from orquestra.engine.database.tables import Definition
from orquestra.engine.definitions import store
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.definitions.validity import check_definition
from orquestra.engine.errors import DefinitionInUse, Forbidden, InvalidDefinition, NotFound, NotJson
from orquestra.engine.http import bodies
from orquestra.engine.services import EngineServices
from orquestra.engine.workspaces import service as workspaces
from orquestra.engine.workspaces import store as workspace_store
from orquestra.engine.workspaces.spaces import Space
from orquestra.sdk.schema import ir


async def create(
    services: EngineServices, body: bytes, *, caller: Caller, space: Space
) -> Definition:
    """Check a definition and store it as it came.

    Raises:
        NotJson: It is no document at all.
        InvalidDefinition: It is not a workflow definition, or its graph can never run.
        Forbidden: The user is no member of the workspace, or it has no such project.
        NotFound: There is no such workspace; administrators are told.
    """
    if services.settings.local:
        # It has one user, and programs that name workspaces run on it as they do elsewhere.
        space = Space.of(caller.user)
    caller.check_workspace(space.workspace_id)
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
        await _check_project(session, space)
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


async def _check_project(session: AsyncSession, space: Space) -> None:
    project = await workspace_store.project(
        session, workspace_id=space.workspace_id, project_id=space.project_id
    )
    if project is None:
        await workspaces.existing(session, space.workspace_id)
        raise Forbidden(
            f"The workspace {space.workspace_id!r} has no project {space.project_id!r}. "
            f"`orq project list -w {space.workspace_id}` shows those that it has; the "
            "administrator adds others with `orq engine project add`."
        )


def _checked(body: bytes) -> ParsedDefinition:
    try:
        definition = ir.WorkflowDef.model_validate_json(body)
    except ValidationError as error:
        kind = NotJson if bodies.is_no_json(error) else InvalidDefinition
        raise kind(
            f"The document is not a workflow definition: {bodies.problems(error)}."
        ) from error
    # It is handed back as it came, to programs of any language.
    bodies.check_numbers(body)
    check_definition(definition)
    return ParsedDefinition(definition, size=len(body))
