"""Queries on runs, their pools and the attempts of their tasks."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from orquestra.engine.database import bulk
from orquestra.engine.database.positions import Position, older_than
from orquestra.engine.database.tables import ClusterPool, MapLength, Run, RunPool, TaskAttempt
from orquestra.engine.errors import NotFound
from orquestra.engine.runs.tasks import Attempt, Elements
from orquestra.sdk.schema.cluster import Cause
from orquestra.sdk.schema.workflow_run import State

_KEYS = ("run_id", "invocation_id", "attempt")
BEGINNING = (
    *_KEYS,
    "state",
    "final",
    "node_id",
    "ready_at",
    "worker_ready_at",
    "started_at",
)
ENDING = (*BEGINNING, "ended_at", "message", "cause")
_ATTEMPT = tuple(getattr(TaskAttempt, name) for name in Attempt._fields)


async def get(session: AsyncSession, run_id: str) -> Run | None:
    """A run."""
    return await session.get(Run, run_id)


async def existing(session: AsyncSession, run_id: str) -> Run:
    """A run that has to be there.

    Raises:
        NotFound: There is no such run.
    """
    run = await get(session, run_id)
    if run is None:
        raise NotFound(f"There is no workflow run {run_id!r}.")
    return run


async def of_result(session: AsyncSession, result_id: str) -> Run | None:
    """The run that a result id belongs to."""
    return await session.scalar(select(Run).where(Run.result_id == result_id))


async def executing(session: AsyncSession, cluster_id: str) -> Sequence[Run]:
    """The runs that a cluster executes, oldest first."""
    query = select(Run).where(Run.cluster_id == cluster_id, Run.executing.is_(True))
    return (await session.scalars(query.order_by(Run.created_at, Run.id))).all()


async def named(session: AsyncSession, run_ids: Sequence[str]) -> Sequence[Run]:
    """Those of some runs that there are."""
    return (await session.scalars(select(Run).where(Run.id.in_(bulk.values(run_ids))))).all()


async def attempts(
    session: AsyncSession, run_id: str, *, of: Collection[str] | None = None
) -> list[Attempt]:
    """The attempts of a run's tasks, all or some, in the order in which they could begin."""
    query = select(*_ATTEMPT).where(TaskAttempt.run_id == run_id)
    if of is not None:
        query = query.where(TaskAttempt.invocation_id.in_(bulk.values(list(of))))
    rows = await session.execute(query.order_by(TaskAttempt.ready_at, TaskAttempt.attempt))
    return [Attempt(*row) for row in rows]


async def elements(session: AsyncSession, run_id: str) -> dict[str, Elements]:
    """What has become of the elements of maps, by the map; counted here, for they may be many."""
    final, succeeded = TaskAttempt.final.is_(True), TaskAttempt.state == State.SUCCEEDED
    query = _of_elements(
        run_id,
        MapLength.length,
        func.count().filter(final),
        func.count().filter(succeeded, TaskAttempt.node_id.is_(None)),
        func.min(TaskAttempt.started_at),
        func.count().filter(final, ~succeeded),
    ).group_by(MapLength.invocation_id)
    counted = [tuple(row) for row in await session.execute(query)]
    problems: defaultdict[str, list[Attempt]] = defaultdict(list)
    if any(failed for *_, failed in counted):
        failures = _of_elements(run_id, *_ATTEMPT).where(final, ~succeeded)
        for name, *values in await session.execute(failures):
            problems[name].append(Attempt(*values))
    return {
        name: Elements(
            length=length,
            done=done,
            reused=reused,
            started_at=started_at,
            problems=problems[name],
        )
        for name, length, done, reused, started_at, _ in counted
    }


def _of_elements(run_id: str, *columns: SQLColumnExpression[Any]) -> Select[Any]:
    """The id of a map, and columns of the attempts of its elements."""
    base, name = MapLength.invocation_id, TaskAttempt.invocation_id
    # All that begins with the id and a dot; in ASCII, a slash comes next.
    is_below = and_(name > base + ".", name < base + "/")
    is_number = func.substr(name, func.length(base) + 2).op("NOT GLOB")("*[^0-9]*")
    return (
        select(base, *columns)
        .join(TaskAttempt, and_(TaskAttempt.run_id == MapLength.run_id, is_below, is_number))
        .where(MapLength.run_id == run_id)
    )


async def attempts_made(session: AsyncSession, run_id: str) -> dict[str, int]:
    """How often each invocation has been attempted; those that have not been are left out."""
    query = (
        select(TaskAttempt.invocation_id, func.max(TaskAttempt.attempt).label("made"))
        .where(TaskAttempt.run_id == run_id)
        .group_by(TaskAttempt.invocation_id)
    )
    return {row.invocation_id: row.made for row in await session.execute(query)}


async def tries(session: AsyncSession, run_id: str) -> dict[str, dict[Cause, int]]:
    """How often each invocation has been attempted in vain, by the cause."""
    query = (
        select(TaskAttempt.invocation_id, TaskAttempt.cause, func.count().label("made"))
        .where(TaskAttempt.run_id == run_id, TaskAttempt.cause.is_not(None))
        .group_by(TaskAttempt.invocation_id, TaskAttempt.cause)
    )
    found: defaultdict[str, dict[Cause, int]] = defaultdict(dict)
    for row in await session.execute(query):
        found[row.invocation_id][row.cause] = row.made
    return dict(found)


async def map_lengths(session: AsyncSession, run_id: str) -> dict[str, int]:
    """How many elements the maps of a run have; those that are not open yet are left out."""
    query = select(MapLength).where(MapLength.run_id == run_id)
    return {row.invocation_id: row.length for row in await session.scalars(query)}


async def open_map(session: AsyncSession, run_id: str, *, invocation_id: str, length: int) -> bool:
    """Record how many elements a map has; whether that was not known yet."""
    if await session.get(MapLength, (run_id, invocation_id)) is not None:
        return False
    session.add(MapLength(run_id=run_id, invocation_id=invocation_id, length=length))
    await session.flush()
    return True


async def run_pools(session: AsyncSession, run_id: str) -> Sequence[RunPool]:
    """The pools that a run uses, with the invocations in each."""
    query = select(RunPool).where(RunPool.run_id == run_id).order_by(RunPool.pool_id)
    return (await session.scalars(query.options(undefer(RunPool.invocations)))).all()


async def pools(session: AsyncSession, run: Run) -> Sequence[tuple[ClusterPool, int]]:
    """The pools of a run as its cluster has them, with the most nodes that the run may use."""
    query = (
        select(ClusterPool, RunPool.max_nodes)
        .join(RunPool, RunPool.pool_id == ClusterPool.id)
        .where(RunPool.run_id == run.id, ClusterPool.cluster_id == run.cluster_id)
        .order_by(ClusterPool.image, ClusterPool.id)
    )
    return [(pool, most) for pool, most in await session.execute(query)]


async def ended_invocations(
    session: AsyncSession, run_id: str, *, among: Sequence[str]
) -> set[str]:
    """Those invocations that have ended for good."""
    query = select(TaskAttempt.invocation_id).where(
        TaskAttempt.run_id == run_id,
        TaskAttempt.invocation_id.in_(bulk.values(among)),
        TaskAttempt.final.is_(True),
    )
    return set(await session.scalars(query))


async def begin_attempts(session: AsyncSession, rows: Sequence[Sequence[bulk.Cell]]) -> None:
    """Record attempts that run, as `BEGINNING`; of those that have ended, how they began."""
    await bulk.upsert(
        session,
        TaskAttempt,
        rows,
        columns=BEGINNING,
        keys=_KEYS,
        replaced=("node_id", "ready_at", "worker_ready_at", "started_at"),
    )


async def end_attempts(session: AsyncSession, rows: Sequence[Sequence[bulk.Cell]]) -> None:
    """Record attempts that have ended, as `ENDING`; what is known of their beginnings stays."""
    await bulk.upsert(
        session,
        TaskAttempt,
        rows,
        columns=ENDING,
        keys=_KEYS,
        replaced=("state", "final", "ended_at", "message", "cause"),
        filled=("node_id", "ready_at", "worker_ready_at", "started_at"),
    )


async def end_running_tasks(
    session: AsyncSession, run_id: str, *, state: State, at: datetime
) -> None:
    """Give every running attempt of a run that is over its end, and with it its task."""
    await session.execute(
        update(TaskAttempt)
        .where(TaskAttempt.run_id == run_id, TaskAttempt.state == State.RUNNING)
        .values(state=state, final=True, ended_at=at)
    )


async def restart_tasks(
    session: AsyncSession, run_ids: Sequence[str], *, at: datetime, reason: str
) -> None:
    """End running attempts, since what ran them is gone; their tasks wait for the next."""
    await session.execute(
        update(TaskAttempt)
        .where(TaskAttempt.run_id.in_(bulk.values(run_ids)), TaskAttempt.state == State.RUNNING)
        .values(state=State.FAILED, final=False, ended_at=at, message=reason)
    )


async def page(  # noqa: PLR0913 - the filters of the API
    session: AsyncSession,
    *,
    owner: str,
    size: int,
    after: Position | None = None,
    definition_id: str = "",
    workspace_id: str = "",
    project_id: str = "",
    created_since: datetime | None = None,
    states: Sequence[State] = (),
) -> list[Run]:
    """Runs of an owner, or all of a workspace if one is named, newest first, after a page's last.

    What fits is found in an index that has all columns of the filters, and only the rows of the
    page are looked up: otherwise a filter that few runs pass would read every row.
    """
    whose = Run.workspace_id == workspace_id if workspace_id else Run.owner == owner
    query = select(Run.id).where(whose)
    if after:
        query = query.where(older_than(Run.created_at, Run.id, position=after))
    if definition_id:
        query = query.where(Run.definition_id == definition_id)
    if project_id:
        query = query.where(Run.project_id == project_id)
    if created_since:
        query = query.where(Run.created_at >= created_since)
    if states:
        query = query.where(or_(*(Run.state == state for state in states)))
    fitting = query.order_by(Run.created_at.desc(), Run.id.desc()).limit(size)
    runs = select(Run).where(Run.id.in_(fitting))
    return list(await session.scalars(runs.order_by(Run.created_at.desc(), Run.id.desc())))
