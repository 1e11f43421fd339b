"""What the head of a run cluster can ask for and tell."""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts import service as artifacts
from orquestra.engine.clusters import events, store
from orquestra.engine.database.tables import Cluster, ClusterPool, Run
from orquestra.engine.definitions import store as definitions
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.errors import BadRequest, ClusterEnded, Forbidden, RunEnded
from orquestra.engine.nodes import store as nodes
from orquestra.engine.reuse import service as reuse
from orquestra.engine.runs import store as runs
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    HOST_IMAGE,
    AttemptsEnded,
    CacheAnswer,
    CacheQuery,
    ClusterId,
    ClusterWork,
    EventBatch,
    HeadBegan,
    LogLines,
    NodeJoined,
    NodeSize,
    PoolId,
    PoolPlan,
    RunContext,
    RunPlan,
)
from orquestra.sdk.schema.workflow_run import WorkflowRunId

_PATIENCE = timedelta(seconds=20)


async def living_cluster(session: AsyncSession, cluster_id: ClusterId) -> Cluster:
    """A run cluster that has something to do, or may get it.

    Raises:
        ClusterEnded: It is over, or never existed.
    """
    cluster = await _unreleased(session, cluster_id)
    if cluster.retired:
        raise _cluster_ended()
    return cluster


async def work(
    services: EngineServices, cluster_id: ClusterId, *, after: int, patience: timedelta = _PATIENCE
) -> ClusterWork:
    """What a cluster is to do, as soon as it is not what it was at version `after`."""
    async with services.database.reading() as session:
        await living_cluster(session, cluster_id)
    version = await services.works.wait(cluster_id, after, within=patience)
    async with services.database.reading() as session:
        await living_cluster(session, cluster_id)
        executing = await runs.executing(session, cluster_id)
        pools = await store.pools_in_use(session, [cluster_id])
        boots = await nodes.boot_times(session, list({pool.pinned_image for pool in pools}))
    return ClusterWork(
        version=version,
        runs=[WorkflowRunId(run.id) for run in executing],
        pools=[_pool_plan(pool, boot=boots.get(pool.pinned_image)) for pool in pools],
        idle_timeout_seconds=services.settings.nodes.idle_timeout,
    )


async def plan(services: EngineServices, cluster_id: ClusterId, *, run_id: str) -> RunPlan:
    """All that an executor needs to begin a run, or to go on where an earlier head ended.

    What the run has stored already lies in the exchange of its cluster then.
    """
    async with services.database.reading() as session:
        run = await _executing_run(session, cluster_id, run_id=run_id)
        pools = await runs.run_pools(session, run_id)
        stored = await artifacts.stored_values(session, run_id)
        made = await runs.attempts_made(session, run_id)
        tries = await runs.tries(session, run_id)
        lengths = await runs.map_lengths(session, run_id)
    exchange = _exchange(services, cluster_id)
    files = {value.location.file for value in stored}
    await asyncio.to_thread(services.artifacts.relink, run_id, exchange=exchange, files=files)
    return RunPlan(
        run_id=WorkflowRunId(run_id),
        dry_run=run.dry_run,
        invocations={
            PoolId(pool.pool_id): [ir.TaskInvocationId(name) for name in pool.invocations]
            for pool in pools
        },
        max_nodes={PoolId(pool.pool_id): pool.max_nodes for pool in pools},
        stored=stored,
        attempts_made={ir.TaskInvocationId(name): number for name, number in made.items()},
        working_directory=run.working_directory,
        lengths={ir.TaskInvocationId(name): length for name, length in lengths.items()},
        tries={ir.TaskInvocationId(name): counts for name, counts in tries.items()},
        commits={ir.ImportId(name): commit for name, commit in (run.commits or {}).items()},
        context=_context(services, run),
    )


def _context(services: EngineServices, run: Run) -> RunContext:
    return RunContext(
        owner=run.owner,
        workspace_id=run.workspace_id,
        project_id=run.project_id,
        cluster=services.settings.address,
        token=services.tokens.of_run(run.id, owner=run.owner, created_at=run.created_at),
    )


async def definition_text(services: EngineServices, cluster_id: ClusterId, *, run_id: str) -> str:
    """The definition of a run, as it was submitted."""
    async with services.database.reading() as session:
        run = await _executing_run(session, cluster_id, run_id=run_id)
        return await definitions.document(session, run.definition_id)


async def cached(
    services: EngineServices, cluster_id: ClusterId, *, run_id: str, query: CacheQuery
) -> CacheAnswer:
    """Results of earlier runs that a run can use again."""
    async with services.database.reading() as session:
        run = await _executing_run(session, cluster_id, run_id=run_id)
    return await reuse.find(services, run, query, exchange=_exchange(services, cluster_id))


async def record(services: EngineServices, cluster_id: ClusterId, *, batch: EventBatch) -> None:
    """Write what happened: every batch once, its states all or none of them.

    Values are taken over before; so what the states say is stored, is. Log lines are written
    after the states, at most once: if the engine is killed in between, or has no room on its
    disk, they are lost. A cluster that is over still gets its log lines, which may come late,
    written as long as anything of it exists.

    Raises:
        ClusterEnded: The cluster is over, or never existed.
        Forbidden: An event is about a run that is not on this cluster.
        BadRequest: An event names what is not there: a task, an artifact, a file.
    """
    parsed = await _definitions(services, cluster_id, batch)
    await _adopt(services, cluster_id, batch, run_ids=parsed.keys())
    async with services.database.writing() as session:
        cluster = await _unreleased(session, cluster_id)
        ended = cluster.retired
        told = events.Told(
            services=services,
            session=session,
            cluster=cluster,
            runs={run.id: run for run in await _runs(session, cluster_id, batch)},
            definitions=parsed,
        )
        is_new = await events.is_new(session, cluster_id, batch=batch)
        for event in batch.events if is_new and not ended else ():
            await events.record(told, event)
    if any(isinstance(event, HeadBegan | NodeJoined) for event in batch.events):
        services.wake.ring()
    if is_new and (told.useless or any(isinstance(event, LogLines) for event in batch.events)):
        await asyncio.to_thread(_write_files, told, batch)
    if ended:
        raise _cluster_ended()


async def _definitions(
    services: EngineServices, cluster_id: ClusterId, batch: EventBatch
) -> dict[str, ParsedDefinition]:
    """The definitions of the runs in a batch that are executing.

    Looked up before the transaction that writes: parsing takes its time, and nobody else can
    write then.
    """
    async with services.database.reading() as session:
        await _unreleased(session, cluster_id)
        return {
            run.id: await services.definitions.of_run(session, run)
            for run in await _runs(session, cluster_id, batch)
            if run.executing
        }


async def _runs(session: AsyncSession, cluster_id: ClusterId, batch: EventBatch) -> list[Run]:
    named = {
        event.run_id for event in batch.events if not isinstance(event, HeadBegan | NodeJoined)
    }
    found = await runs.named(session, list(named))
    mine = [run for run in found if run.cluster_id == cluster_id]
    if len(mine) < len(named):
        raise Forbidden("An event is about a run that this run cluster does not execute.")
    return mine


async def _adopt(
    services: EngineServices, cluster_id: ClusterId, batch: EventBatch, *, run_ids: Collection[str]
) -> None:
    """Take over the files in which the values of a batch lie, of runs that are executing.

    Those of a run that has ended meanwhile may be gone, and nobody wants them any more.
    """
    files: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for event in batch.events:
        if isinstance(event, AttemptsEnded) and event.run_id in run_ids:
            sizes = files[event.run_id]
            for _, (file, offset, size, _format) in event.values:
                sizes[file] = max(sizes.get(file, 0), offset + size)
    exchange = _exchange(services, cluster_id)
    for run_id, sizes in files.items():
        adopt = services.artifacts.adopt
        try:
            await asyncio.to_thread(adopt, run_id, exchange=exchange, files=sizes)
        except BadRequest:
            async with services.database.reading() as session:
                run = await runs.get(session, run_id)
            if run is not None and run.executing:
                raise


def _write_files(told: events.Told, batch: EventBatch) -> None:
    services = told.services
    for run_id, file in told.useless:
        services.artifacts.delete(run_id, [file])
    for event in batch.events:
        if isinstance(event, LogLines):
            try:
                services.logs.append(event)
            except OSError as error:
                services.logs.report_lost(event.run_id, error)


async def _unreleased(session: AsyncSession, cluster_id: ClusterId) -> Cluster:
    cluster = await store.get(session, cluster_id)
    if cluster is None or cluster.released:
        raise _cluster_ended()
    return cluster


async def _executing_run(session: AsyncSession, cluster_id: ClusterId, *, run_id: str) -> Run:
    await living_cluster(session, cluster_id)
    run = await runs.get(session, run_id)
    if run is None or run.cluster_id != cluster_id or not run.executing:
        raise RunEnded("The run is over. There is nothing left to do for it.")
    return run


def _cluster_ended() -> ClusterEnded:
    return ClusterEnded("The run cluster is over. There is nothing left to do for it.")


def _exchange(services: EngineServices, cluster_id: ClusterId) -> Path:
    return services.folder.exchange(cluster_id)


def _pool_plan(pool: ClusterPool, *, boot: timedelta | None) -> PoolPlan:
    return PoolPlan(
        id=PoolId(pool.id),
        image=pool.image,
        min_nodes=pool.min_nodes,
        max_nodes=pool.max_nodes,
        size=NodeSize(cpu=pool.cpu, memory=pool.memory, gpu=pool.gpu),
        boot_seconds=None if boot is None else boot.total_seconds(),
        digest=None if pool.pinned_image == HOST_IMAGE else pool.pinned_image.rpartition("@")[2],
    )
