"""What an executor tells, written into the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import EventCursor, Run, TaskAttempt, TaskRun
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.errors import BadRequest
from orquestra.engine.nodes import store as nodes
from orquestra.engine.runs import lifecycle
from orquestra.engine.runs import store as runs
from orquestra.sdk.schema.cluster import (
    Event,
    EventBatch,
    NodeJoined,
    NodeState,
    RunFinished,
    RunStarted,
    TaskEnded,
    TaskStarted,
)
from orquestra.sdk.schema.workflow_run import State


@dataclass(frozen=True, kw_only=True)
class Told:
    """Where events go: a session, the run they are about, and its definition."""

    session: AsyncSession
    run: Run
    definition: ParsedDefinition


async def is_new(session: AsyncSession, run_id: str, *, batch: EventBatch) -> bool:
    """Whether a batch has not been counted yet; from now on it has been."""
    cursor = await session.get(EventCursor, (run_id, batch.sender))
    if cursor is None:
        cursor = EventCursor(run_id=run_id, sender=batch.sender, sequence=0)
        session.add(cursor)
    if batch.sequence <= cursor.sequence:
        return False
    cursor.sequence = batch.sequence
    return True


async def record(told: Told, event: Event) -> None:
    """Write one event. Log lines are not states and go elsewhere."""
    match event:
        case RunStarted():
            lifecycle.begin(told.run, at=event.at)
        case RunFinished():
            await _finish(told, event)
        case NodeJoined():
            await _node_joined(told, event)
        case TaskStarted():
            await _task_started(told, event)
        case TaskEnded():
            await _task_ended(told, event)
        case _:
            return


async def _finish(told: Told, event: RunFinished) -> None:
    await lifecycle.finish(
        told.session, told.run, state=event.state, message=event.message, at=event.at
    )


async def _node_joined(told: Told, event: NodeJoined) -> None:
    node = await nodes.get(told.session, told.run.id, node_id=event.node_id)
    if node is not None and node.joined_at is None:
        node.joined_at = event.at
        if not node.state.is_final() and node.state is not NodeState.STOPPING:
            node.state = NodeState.READY


async def _task_started(told: Told, event: TaskStarted) -> None:
    task = await _task(told, event.invocation_id)
    attempt = await _attempt(told, event)
    attempt.node_id = event.node_id
    attempt.started_at = event.at
    if attempt.ended_at is None and not task.state.is_completed():
        task.state, task.started_at, task.message = State.RUNNING, event.at, None


async def _task_ended(told: Told, event: TaskEnded) -> None:
    task = await _task(told, event.invocation_id)
    if task.state.is_completed():
        # A replaced head says again what is stored, since the first telling may have been lost.
        return
    attempt = await _attempt(told, event)
    attempt.node_id = event.node_id or attempt.node_id
    attempt.started_at = event.started_at or attempt.started_at
    attempt.ended_at, attempt.state, attempt.message = event.at, event.state, event.message
    if event.final:
        _end_task(told, task, event=event, started_at=attempt.started_at)
    elif not await _has_begun_again(told, event):
        task.state, task.started_at, task.message = State.WAITING, None, event.message


async def _has_begun_again(told: Told, event: TaskEnded) -> bool:
    """Whether the next attempt is known already: beginnings and ends come from two senders."""
    following = await runs.attempt(
        told.session, told.run.id, invocation_id=event.invocation_id, number=event.attempt + 1
    )
    return following is not None


def _end_task(told: Told, task: TaskRun, *, event: TaskEnded, started_at: datetime | None) -> None:
    task.state, task.message = event.state, event.message
    task.started_at, task.ended_at = started_at, event.at
    if event.state is State.SUCCEEDED:
        told.run.completed_tasks += 1
        return
    name = told.definition.task_name(event.invocation_id)
    reason = event.message or "no reason was given"
    # Sentences of the executor name their task, a user's exception does not.
    named = reason if f"'{name}'" in reason else f"Task '{name}' failed: {reason}"
    lifecycle.fail_early(told.run, message=f"{named} ({event.invocation_id})")


async def _task(told: Told, invocation_id: str) -> TaskRun:
    task = await runs.task(told.session, told.run.id, invocation_id=invocation_id)
    if task is None:
        raise BadRequest(f"The run has no task invocation {invocation_id!r}.")
    return task


async def _attempt(told: Told, event: TaskStarted | TaskEnded) -> TaskAttempt:
    number = event.attempt
    found = await runs.attempt(
        told.session, told.run.id, invocation_id=event.invocation_id, number=number
    )
    if found is None:
        found = TaskAttempt(
            run_id=told.run.id,
            invocation_id=event.invocation_id,
            attempt=number,
            state=State.RUNNING,
        )
        told.session.add(found)
    return found
