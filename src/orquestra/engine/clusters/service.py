"""What the head of a run cluster can ask for and tell."""

import asyncio
import logging

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts import store as artifacts
from orquestra.engine.clusters import events
from orquestra.engine.database.tables import Pool, Run
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import RunEnded
from orquestra.engine.runs import store as runs
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    EventBatch,
    LogLines,
    NodeSize,
    PoolId,
    PoolPlan,
    RunFinished,
    RunPlan,
)
from orquestra.sdk.schema.workflow_run import WorkflowRunId

logger = logging.getLogger(__name__)


async def executing_run(session: AsyncSession, run_id: str) -> Run:
    """The run of a cluster.

    Raises:
        RunEnded: It does not execute any more, or never existed.
    """
    run = await runs.get(session, run_id)
    if run is None or not run.executing:
        raise _ended()
    return run


async def plan(services: EngineServices, run_id: str) -> RunPlan:
    """All that an executor needs to begin, or to go on where an earlier one ended."""
    async with services.database.reading() as session:
        run = await executing_run(session, run_id)
        definition = await services.definitions.of_run(session, run)
        pools = await runs.pools(session, run_id)
        tasks = await runs.tasks(session, run_id)
        stored = await artifacts.of_run(session, run_id)
        attempts = await runs.attempts(session, run_id)
    made: dict[ir.TaskInvocationId, int] = {}
    for attempt in attempts:
        invocation_id = ir.TaskInvocationId(attempt.invocation_id)
        made[invocation_id] = max(made.get(invocation_id, 0), attempt.attempt)
    return RunPlan(
        run_id=WorkflowRunId(run_id),
        definition=definition.document,
        dry_run=run.dry_run,
        pools=[_pool_plan(pool) for pool in pools],
        pool_of_invocation={
            ir.TaskInvocationId(task.invocation_id): PoolId(task.pool_id) for task in tasks
        },
        stored=[ir.ArtifactNodeId(artifact.artifact_node_id) for artifact in stored],
        attempts_made=made,
        idle_timeout_seconds=services.settings.nodes.idle_timeout,
    )


async def record(services: EngineServices, run_id: str, *, batch: EventBatch) -> None:
    """Write what happened: every batch once, its states all or none of them.

    Log lines are written after the states, at most once: if the engine is killed in between, or
    has no room on its disk, they are lost. A run that is over still takes log lines, which may
    come late, as long as its cluster exists.

    Raises:
        RunEnded: The run is over, or never existed.
    """
    definition = await _definition(services, run_id)
    async with services.database.writing() as session:
        run = await _unreleased_run(session, run_id)
        executing = run.executing
        is_new = await events.is_new(session, run_id, batch=batch)
        told = events.Told(session=session, run=run, definition=definition)
        for event in batch.events if is_new and executing else ():
            await events.record(told, event)
    if any(isinstance(event, RunFinished) for event in batch.events):
        services.wake.ring()
    if is_new:
        await asyncio.to_thread(_append_logs, services, run_id, batch)
    if not executing:
        raise _ended()


async def _definition(services: EngineServices, run_id: str) -> ParsedDefinition:
    # Before the transaction that writes: parsing takes its time, and nobody else can write then.
    async with services.database.reading() as session:
        run = await _unreleased_run(session, run_id)
        return await services.definitions.of_run(session, run)


async def _unreleased_run(session: AsyncSession, run_id: str) -> Run:
    run = await runs.get(session, run_id)
    if run is None or run.released:
        raise _ended()
    return run


def _ended() -> RunEnded:
    return RunEnded("The run is over. There is nothing left to do for its cluster.")


def _append_logs(services: EngineServices, run_id: str, batch: EventBatch) -> None:
    try:
        for event in batch.events:
            if isinstance(event, LogLines):
                services.logs.append(run_id, event)
    except OSError as error:
        logger.warning(
            "run %s: its log could not be written: %s", run_id, error, extra={"event": "log_lost"}
        )


def _pool_plan(pool: Pool) -> PoolPlan:
    return PoolPlan(
        id=PoolId(pool.id),
        image=pool.image,
        max_nodes=pool.max_nodes,
        size=NodeSize(cpu=pool.cpu, memory=pool.memory, gpu=pool.gpu),
    )
