"""What users can do with runs."""

import asyncio
import logging
import re
import secrets
import string
import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Definition, Pool, Run, TaskRun
from orquestra.engine.definitions import service as definitions
from orquestra.engine.definitions import store as definition_store
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import DefinitionUnknown, Forbidden, NotFound
from orquestra.engine.images.admission import Admission, admit
from orquestra.engine.images.sizes import run_demand
from orquestra.engine.runs import lifecycle, store
from orquestra.sdk.schema import api, ir
from orquestra.sdk.schema.cluster import NodeSize
from orquestra.sdk.schema.workflow_run import State

logger = logging.getLogger(__name__)

_NAME_LENGTH = 40
_SUFFIX_LENGTH = 5
_SUFFIX_ALPHABET = string.ascii_letters + string.digits


async def create(services: EngineServices, request: api.CreateRun, *, user: str) -> Run:
    """Check that a definition can run here, and start a run of it.

    The images are asked about outside of any transaction, since registries may take their time.

    Raises:
        DefinitionUnknown: There is no such definition.
        Forbidden: The definition is somebody else's.
        RunRefused: The run could never succeed, with every reason found.
    """
    stored = await _definition(services, request.workflow_definition_id, user=user)
    definition = (await services.definitions.of_row(stored)).document
    demand = run_demand(request, definition=definition)
    admission = await admit(
        definition,
        demand=demand,
        capacity=await services.provisioner.capacity(),
        catalogue=services.catalogue,
        defaults=services.default_images,
    )
    run = _new_run(stored, admission, head=demand.head, at=services.clock())
    run.dry_run = request.dry_run
    run.total_tasks = len(definition.task_invocations)
    async with services.database.writing() as session:
        if await definition_store.without_document(session, stored.id) is None:
            raise DefinitionUnknown(f"The workflow definition {stored.id!r} was just deleted.")
        await store.add(
            session,
            run,
            pools=_pools(run.id, admission),
            tasks=_task_runs(run.id, definition, admission=admission),
        )
    services.wake.ring()
    await _note_warnings(services, run)
    return run


async def get(session: AsyncSession, run_id: str, *, user: str) -> Run:
    """A run that a user may see.

    Raises:
        NotFound: There is none of that id.
        Forbidden: It belongs to somebody else.
    """
    run = await store.get(session, run_id)
    if run is None:
        raise NotFound(f"There is no workflow run {run_id!r}.")
    if run.owner != user:
        raise Forbidden("This workflow run belongs to somebody else.")
    return run


async def stop(session: AsyncSession, run_id: str, *, user: str, force: bool, at: datetime) -> None:
    """End a run: TERMINATED, or KILLED by force. A run that is over stays as it is."""
    run = await get(session, run_id, user=user)
    state = State.KILLED if force else State.TERMINATED
    await lifecycle.finish(session, run, state=state, message=f"Stopped by {user}.", at=at)


async def _definition(services: EngineServices, definition_id: str, *, user: str) -> Definition:
    async with services.database.reading() as session:
        try:
            return await definitions.get(session, definition_id, user=user)
        except NotFound as error:
            raise DefinitionUnknown(
                f"{error} Store the definition first, then run it by the id that this gives."
            ) from error


async def _note_warnings(services: EngineServices, run: Run) -> None:
    text = "\n".join(f"warning: {warning}" for warning in run.warnings)
    if not text:
        return
    try:
        await asyncio.to_thread(services.logs.note, run.id, text, at=run.created_at.timestamp())
    except OSError as error:
        # The run exists, and shows the warnings itself.
        logger.warning(
            "run %s: its log could not be written: %s", run.id, error, extra={"event": "log_lost"}
        )


def _new_run(definition: Definition, admission: Admission, *, head: NodeSize, at: datetime) -> Run:
    return Run(
        id=_run_id(definition.name),
        definition_id=definition.id,
        result_id=str(uuid.uuid4()),
        owner=definition.owner,
        workspace_id=definition.workspace_id,
        project_id=definition.project_id,
        state=State.WAITING,
        warnings=list(admission.warnings),
        created_at=at,
        completed_tasks=0,
        executing=True,
        released=False,
        head_image=admission.head_image,
        head_cpu=head.cpu,
        head_memory=head.memory,
        head_launches=0,
    )


def _pools(run_id: str, admission: Admission) -> list[Pool]:
    return [
        Pool(
            run_id=run_id,
            id=pool.id,
            image=pool.image,
            pinned_image=pool.pinned_image,
            max_nodes=pool.max_nodes,
            cpu=pool.size.cpu,
            memory=pool.size.memory,
            gpu=pool.size.gpu,
        )
        for pool in admission.pools
    ]


def _task_runs(run_id: str, definition: ir.WorkflowDef, *, admission: Admission) -> list[TaskRun]:
    return [
        TaskRun(
            run_id=run_id,
            invocation_id=invocation_id,
            position=position,
            pool_id=admission.pool_of_invocation[invocation_id],
            state=State.WAITING,
        )
        for position, invocation_id in enumerate(definition.task_invocations)
    ]


def _run_id(name: str) -> str:
    # Ids stand in paths unescaped, hence the plain letters; the shape is the old platform's.
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:_NAME_LENGTH].strip("-") or "workflow"
    suffix = "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(_SUFFIX_LENGTH))
    return f"{readable}-{suffix}-r000"
