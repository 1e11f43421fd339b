"""What users can do with runs."""

import asyncio
import logging
import re
import secrets
import string
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Caller
from orquestra.engine.clusters.assignment import assign
from orquestra.engine.database.tables import Definition, Run
from orquestra.engine.definitions import service as definitions
from orquestra.engine.definitions import store as definition_store
from orquestra.engine.definitions.opened import OpenedDefinition
from orquestra.engine.definitions.secrets import secret_problems
from orquestra.engine.errors import DefinitionUnknown, Forbidden, NotFound, Unauthorized
from orquestra.engine.images.admission import admit
from orquestra.engine.images.sizes import run_demand
from orquestra.engine.runs import lifecycle, store
from orquestra.engine.runs.requests import RunsQuery
from orquestra.engine.services import EngineServices
from orquestra.engine.workspaces import service as workspaces
from orquestra.sdk.schema import api, ir
from orquestra.sdk.schema.workflow_run import State

logger = logging.getLogger(__name__)

_NAME_LENGTH = 40
_SUFFIX_LENGTH = 5
_SUFFIX_ALPHABET = string.ascii_letters + string.digits


async def create(services: EngineServices, request: api.CreateRun, *, caller: Caller) -> Run:
    """Check that a definition can run here, and start a run of it.

    The images are asked about outside of any transaction, since registries may take their time.

    Raises:
        DefinitionUnknown: There is no such definition.
        Forbidden: The definition is somebody else's, or in a workspace that the user has left.
        RunRefused: The run could never succeed, with every reason found.
    """
    stored, definition = await _definition(services, request.workflow_definition_id, caller=caller)
    caller.check_workspace(stored.workspace_id)
    demand = run_demand(request, definition=definition)
    admission = await admit(
        definition,
        demand=demand,
        capacity=await services.provisioner.capacity(),
        catalogue=services.catalogue,
        defaults=services.default_images,
    )
    problems = await secret_problems(
        services, definition, owner=caller.user, workspace_id=stored.workspace_id
    )
    warnings = (*admission.warnings, *problems)
    run = _new_run(stored, request, owner=caller.user, warnings=warnings, at=services.clock())
    run.total_tasks = len(definition.task_invocations)
    if services.settings.local:
        run.working_directory = request.working_directory
    async with services.database.writing() as session:
        if await definition_store.get(session, stored.id) is None:
            raise DefinitionUnknown(f"The workflow definition {stored.id!r} was just deleted.")
        cluster = await assign(
            session, run, admission, head=demand.head, settings=services.settings
        )
    services.works.announce(cluster.id)
    services.wake.ring()
    await _note_warnings(services, run)
    return run


async def page(
    services: EngineServices, session: AsyncSession, asked: RunsQuery, *, caller: Caller
) -> Sequence[Run]:
    """A page of a user's own runs, or of all runs of a workspace.

    Raises:
        BadRequest: The query names what there cannot be.
        Forbidden: The user is no member of the workspace.
        NotFound: There is no such workspace; administrators are told.
    """
    if services.settings.local:
        # It has one user, and programs that name workspaces run on it as they do elsewhere.
        asked = asked.model_copy(update={"workspace_id": "", "project_id": ""})
    if asked.workspace_id:
        caller.check_workspace(asked.workspace_id)
        await workspaces.existing(session, asked.workspace_id)
    return await store.page(
        session,
        owner=caller.user,
        size=asked.size,
        after=asked.after,
        definition_id=asked.workflow_definition_id,
        workspace_id=asked.workspace_id,
        project_id=asked.project_id,
        created_since=asked.created_since(services.clock()),
        states=asked.states,
    )


async def get(session: AsyncSession, run_id: str, *, caller: Caller) -> Run:
    """A run that a user may see.

    Raises:
        NotFound: There is none of that id.
        Forbidden: It belongs to somebody else.
    """
    run = await store.existing(session, run_id)
    caller.check_may_see(run, what="workflow run")
    return run


async def still_may_see(services: EngineServices, run_id: str, *, token: str) -> bool:
    """Whether who follows a run by a stream would be answered if they asked now."""
    try:
        caller = await services.callers.of(services.tokens.read(token))
        async with services.database.reading() as session:
            await get(session, run_id, caller=caller)
    except (Unauthorized, Forbidden, NotFound):
        return False
    return True


async def check_invocation(
    services: EngineServices, session: AsyncSession, run: Run, invocation_id: str
) -> None:
    """Make sure that a run has a task invocation, or an element of a map, of that id.

    Raises:
        NotFound: It has none.
    """
    definition = await services.definitions.of_run(session, run)
    lengths = await store.map_lengths(session, run.id) if definition.maps else {}
    if not OpenedDefinition(definition, lengths=lengths).has_invocation(invocation_id):
        raise NotFound(f"The workflow run {run.id!r} has no task invocation {invocation_id!r}.")


async def stop(
    services: EngineServices, session: AsyncSession, run_id: str, *, caller: Caller, force: bool
) -> None:
    """End a run: TERMINATED, or KILLED by force. A run that is over stays as it is."""
    run = await get(session, run_id, caller=caller)
    caller.check_may_change(run, what="workflow run")
    await lifecycle.finish(
        services,
        session,
        run,
        state=State.KILLED if force else State.TERMINATED,
        message=f"Stopped by {caller.user}.",
        at=services.clock(),
    )


async def _definition(
    services: EngineServices, definition_id: str, *, caller: Caller
) -> tuple[Definition, ir.WorkflowDef]:
    async with services.database.reading() as session:
        try:
            stored = await definitions.get(session, definition_id, caller=caller)
        except NotFound as error:
            raise DefinitionUnknown(
                f"{error} Store the definition first, then run it by the id that this gives."
            ) from error
        return stored, (await services.definitions.get(session, definition_id)).document


async def _note_warnings(services: EngineServices, run: Run) -> None:
    text = "\n".join(f"warning: {warning}" for warning in run.warnings)
    if not text:
        return
    try:
        await asyncio.to_thread(services.logs.note, run.id, text, at=run.created_at.timestamp())
    except OSError as error:
        # The run exists, and shows the warnings itself.
        services.logs.report_lost(run.id, error)


def _new_run(
    definition: Definition,
    request: api.CreateRun,
    *,
    owner: str,
    warnings: Iterable[str],
    at: datetime,
) -> Run:
    return Run(
        id=_run_id(definition.name),
        definition_id=definition.id,
        result_id=str(uuid.uuid4()),
        owner=owner,
        workspace_id=definition.workspace_id,
        project_id=definition.project_id,
        state=State.WAITING,
        warnings=list(warnings),
        created_at=at,
        dry_run=request.dry_run,
        completed_tasks=0,
        executing=True,
        heads_lost=0,
    )


def _run_id(name: str) -> str:
    # Ids stand in paths unescaped, hence the plain letters; the shape is the old platform's.
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:_NAME_LENGTH].strip("-") or "workflow"
    suffix = "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(_SUFFIX_LENGTH))
    return f"{readable}-{suffix}-r000"
