"""What an executor tells, written into the database, in as few statements as there are events."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts import service as artifacts
from orquestra.engine.database.bulk import Cell, stored_time
from orquestra.engine.database.tables import Cluster, EventCursor, Run
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.definitions.opened import OpenedDefinition
from orquestra.engine.errors import BadRequest
from orquestra.engine.nodes import store as nodes
from orquestra.engine.reuse import service as reuse
from orquestra.engine.runs import lifecycle
from orquestra.engine.runs import store as runs
from orquestra.engine.services import EngineServices
from orquestra.sdk.evaluation import failure_message
from orquestra.sdk.schema.cluster import (
    AttemptBeginning,
    AttemptEnding,
    AttemptsBegan,
    AttemptsEnded,
    CommitsPinned,
    Event,
    EventBatch,
    HeadBegan,
    LogLines,
    MapOpened,
    NodeJoined,
    NodeState,
    RunFinished,
    RunStarted,
)
from orquestra.sdk.schema.workflow_run import State


@dataclass(frozen=True, kw_only=True)
class Told:
    """Where events go: a session, the cluster that tells them, its runs and their definitions.

    `useless` collects files, with the run of each, that hold nothing of use any more.
    """

    services: EngineServices
    session: AsyncSession
    cluster: Cluster
    runs: dict[str, Run]
    definitions: dict[str, ParsedDefinition]
    useless: list[tuple[str, str]] = field(default_factory=list)


async def is_new(session: AsyncSession, cluster_id: str, *, batch: EventBatch) -> bool:
    """Whether a batch has not been counted yet; from now on it has been."""
    cursor = await session.get(EventCursor, (cluster_id, batch.sender))
    if cursor is None:
        cursor = EventCursor(cluster_id=cluster_id, sender=batch.sender, sequence=0)
        session.add(cursor)
    if batch.sequence <= cursor.sequence:
        return False
    cursor.sequence = batch.sequence
    return True


async def record(told: Told, event: Event) -> None:
    """Write one event; of a run that is over, nothing. Log lines go elsewhere."""
    match event:
        case HeadBegan():
            told.cluster.head_began_at, told.cluster.head_address = event.at, event.address
        case NodeJoined():
            await _node_joined(told, event)
        case LogLines():
            return
        case _:
            run = told.runs[event.run_id]
            if run.executing:
                await _record_of_run(told, run, event)
                lifecycle.announce(told.services, told.session, run)


async def _record_of_run(
    told: Told,
    run: Run,
    event: RunStarted | RunFinished | MapOpened | CommitsPinned | AttemptsBegan | AttemptsEnded,
) -> None:
    match event:
        case RunStarted():
            lifecycle.begin(run, at=event.at)
        case RunFinished():
            await lifecycle.finish(
                told.services,
                told.session,
                run,
                state=event.state,
                message=event.message,
                at=event.at,
            )
        case MapOpened():
            await _map_opened(told, run, event)
        case CommitsPinned():
            _commits_pinned(told, run, event)
        case AttemptsBegan():
            await _attempts_began(told, event)
        case AttemptsEnded():
            await _attempts_ended(told, run, event)


async def _node_joined(told: Told, event: NodeJoined) -> None:
    node = await nodes.get(told.session, told.cluster.id, node_id=event.node_id)
    if node is not None and node.joined_at is None:
        node.joined_at = event.at
        if not node.state.is_final() and node.state is not NodeState.STOPPING:
            node.state = NodeState.READY


async def _map_opened(told: Told, run: Run, event: MapOpened) -> None:
    """A new head may tell again what an earlier one has told."""
    if event.invocation_id not in told.definitions[run.id].maps or event.length < 0:
        raise BadRequest(
            f"{event.invocation_id!r} of run {run.id!r} is no map of {event.length} elements."
        )
    is_new = await runs.open_map(
        told.session, run.id, invocation_id=event.invocation_id, length=event.length
    )
    run.total_tasks += event.length if is_new else 0


def _commits_pinned(told: Told, run: Run, event: CommitsPinned) -> None:
    """A new head is told what an earlier one has told, so only the first one counts."""
    unknown = event.commits.keys() - told.definitions[run.id].document.imports.keys()
    if unknown:
        raise BadRequest(f"The run {run.id!r} has no import {min(unknown)!r}.")
    if run.commits is None:
        run.commits = {str(name): commit for name, commit in event.commits.items()}


async def _opened(told: Told, run_id: str) -> OpenedDefinition:
    definition = told.definitions[run_id]
    lengths = await runs.map_lengths(told.session, run_id) if definition.maps else {}
    return OpenedDefinition(definition, lengths=lengths)


async def _attempts_began(told: Told, event: AttemptsBegan) -> None:
    names = [attempt.invocation_id for attempt in event.attempts]
    _check_known(await _opened(told, event.run_id), event.run_id, names)
    rows = [_began_row(event.run_id, attempt) for attempt in event.attempts]
    await runs.begin_attempts(told.session, rows)


async def _attempts_ended(told: Told, run: Run, event: AttemptsEnded) -> None:
    opened = await _opened(told, run.id)
    names = [attempt.invocation_id for attempt in event.attempts]
    _check_known(opened, run.id, names)
    ended = await runs.ended_invocations(told.session, run.id, among=names)
    counted = _counted(event.attempts, ended=ended)
    await runs.end_attempts(told.session, [_ended_row(run.id, attempt) for attempt in counted])
    last = [attempt for attempt in counted if attempt.final]
    failed = [attempt for attempt in last if attempt.state is not State.SUCCEEDED]
    run.completed_tasks += len(last) - len(failed)
    if failed:
        lifecycle.fail_early(run, message=_failure(told, run, failed[0]))
    now = told.services.clock()
    useless = await artifacts.record(told.session, run.id, event.values, definition=opened, at=now)
    told.useless.extend((run.id, file) for file in useless)
    await reuse.remember(
        told.session, run, attempts=counted, values=event.values, definition=opened, at=now
    )


def _counted(attempts: Iterable[AttemptEnding], *, ended: set[str]) -> list[AttemptEnding]:
    """Attempts up to the last one of each task.

    A replaced head says again what is stored, since the first telling may have been lost.
    """
    counted = []
    for attempt in attempts:
        if attempt.invocation_id not in ended:
            counted.append(attempt)
            if attempt.final:
                ended.add(attempt.invocation_id)
    return counted


def _began_row(run_id: str, attempt: AttemptBeginning) -> tuple[Cell, ...]:
    """A row of `runs.BEGINNING`."""
    return (
        run_id,
        attempt.invocation_id,
        attempt.attempt,
        State.RUNNING.value,
        False,
        attempt.node_id,
        stored_time(attempt.ready_at),
        stored_time(attempt.worker_ready_at),
        stored_time(attempt.started_at),
    )


def _ended_row(run_id: str, attempt: AttemptEnding) -> tuple[Cell, ...]:
    """A row of `runs.ENDING`."""
    began = (attempt.worker_ready_at, attempt.started_at)
    return (
        run_id,
        attempt.invocation_id,
        attempt.attempt,
        attempt.state.value,
        attempt.final,
        attempt.node_id,
        stored_time(attempt.ready_at),
        *(None if moment is None else stored_time(moment) for moment in began),
        stored_time(attempt.ended_at),
        attempt.message,
        attempt.cause.value if attempt.cause else None,
    )


def _failure(told: Told, run: Run, attempt: AttemptEnding) -> str:
    return failure_message(
        attempt.message or "no reason was given",
        task_name=told.definitions[run.id].task_name(attempt.invocation_id),
        invocation_id=attempt.invocation_id,
    )


def _check_known(opened: OpenedDefinition, run_id: str, names: Iterable[str]) -> None:
    unknown = [name for name in names if not opened.has_invocation(name)]
    if unknown:
        raise BadRequest(f"The run {run_id!r} has no task invocation {min(unknown)!r}.")
