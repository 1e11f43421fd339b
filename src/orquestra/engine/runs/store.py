"""Queries on runs, their pools and their task runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Pool, Run, TaskAttempt, TaskRun
from orquestra.engine.paging import Position, older_than
from orquestra.sdk.schema.workflow_run import State


async def add(
    session: AsyncSession, run: Run, *, pools: Iterable[Pool], tasks: Iterable[TaskRun]
) -> None:
    """Store a new run."""
    session.add(run)
    await session.flush()
    session.add_all(pools)
    await session.flush()
    session.add_all(tasks)
    await session.flush()


async def get(session: AsyncSession, run_id: str) -> Run | None:
    """A run."""
    return await session.get(Run, run_id)


async def of_result(session: AsyncSession, result_id: str) -> Run | None:
    """The run that a result id belongs to."""
    return await session.scalar(select(Run).where(Run.result_id == result_id))


async def unreleased(session: AsyncSession) -> Sequence[Run]:
    """Runs whose cluster may still exist, oldest first."""
    query = select(Run).where(Run.released.is_(False)).order_by(Run.created_at)
    return (await session.scalars(query)).all()


async def page(  # noqa: PLR0913 - the filters of the API
    session: AsyncSession,
    *,
    owner: str,
    size: int,
    after: Position | None = None,
    definition_id: str | None = None,
    workspace_id: str | None = None,
    project_id: str | None = None,
    created_since: datetime | None = None,
    states: Sequence[State] = (),
) -> list[Run]:
    """Runs of an owner, newest first, after a page's last one."""
    query = select(Run).where(Run.owner == owner)
    if after:
        query = query.where(older_than(Run.created_at, Run.id, position=after))
    if definition_id:
        query = query.where(Run.definition_id == definition_id)
    if workspace_id:
        query = query.where(Run.workspace_id == workspace_id)
    if project_id:
        query = query.where(Run.project_id == project_id)
    if created_since:
        query = query.where(Run.created_at >= created_since)
    if states:
        query = query.where(Run.state.in_(states))
    newest_first = query.order_by(Run.created_at.desc(), Run.id.desc())
    return list(await session.scalars(newest_first.limit(size)))


async def tasks(session: AsyncSession, run_id: str) -> Sequence[TaskRun]:
    """The task runs of a run, in the order of its definition."""
    query = select(TaskRun).where(TaskRun.run_id == run_id).order_by(TaskRun.position)
    return (await session.scalars(query)).all()


async def task(session: AsyncSession, run_id: str, *, invocation_id: str) -> TaskRun | None:
    """One task run."""
    return await session.get(TaskRun, (run_id, invocation_id))


async def attempt(
    session: AsyncSession, run_id: str, *, invocation_id: str, number: int
) -> TaskAttempt | None:
    """One attempt of a task."""
    return await session.get(TaskAttempt, (run_id, invocation_id, number))


async def attempts(session: AsyncSession, run_id: str) -> Sequence[TaskAttempt]:
    """All attempts of a run's tasks, in the order they began."""
    query = select(TaskAttempt).where(TaskAttempt.run_id == run_id)
    return (await session.scalars(query.order_by(TaskAttempt.started_at))).all()


async def pools(session: AsyncSession, run_id: str) -> Sequence[Pool]:
    """The pools of a run."""
    query = select(Pool).where(Pool.run_id == run_id).order_by(Pool.image)
    return (await session.scalars(query)).all()


async def end_running_tasks(
    session: AsyncSession, run_id: str, *, state: State, at: datetime
) -> None:
    """Give every running task and attempt of a run its end."""
    for table in (TaskRun, TaskAttempt):
        await session.execute(
            update(table)
            .where(table.run_id == run_id, table.state == State.RUNNING)
            .values(state=state, ended_at=at)
        )


async def complete_tasks(session: AsyncSession, run_id: str, *, at: datetime) -> None:
    """Give every unfinished task of a run that has succeeded its end."""
    await session.execute(
        update(TaskRun)
        .where(TaskRun.run_id == run_id, TaskRun.state != State.SUCCEEDED)
        .values(state=State.SUCCEEDED, ended_at=at, message=None)
    )


async def restart_tasks(session: AsyncSession, run_id: str, *, at: datetime, reason: str) -> None:
    """Put running tasks back to WAITING, since what ran them is gone; their attempts end."""
    await session.execute(
        update(TaskAttempt)
        .where(TaskAttempt.run_id == run_id, TaskAttempt.state == State.RUNNING)
        .values(state=State.FAILED, ended_at=at, message=reason)
    )
    await session.execute(
        update(TaskRun)
        .where(TaskRun.run_id == run_id, TaskRun.state == State.RUNNING)
        .values(state=State.WAITING, started_at=None, message=reason)
    )
