"""Queries on workflow definitions."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from orquestra.engine.database.tables import Definition, Run
from orquestra.engine.paging import Position, older_than


async def add(session: AsyncSession, definition: Definition) -> None:
    """Store a definition."""
    session.add(definition)
    await session.flush()


async def get(session: AsyncSession, definition_id: str) -> Definition | None:
    """A definition with its document."""
    query = select(Definition).where(Definition.id == definition_id)
    return await session.scalar(query.options(undefer(Definition.document)))


async def without_document(session: AsyncSession, definition_id: str) -> Definition | None:
    """A definition whose document is not looked up."""
    return await session.get(Definition, definition_id)


async def has_runs(session: AsyncSession, definition_id: str) -> bool:
    """Whether any run refers to a definition."""
    query = select(Run.id).where(Run.definition_id == definition_id).limit(1)
    return await session.scalar(query) is not None


async def page(
    session: AsyncSession, *, owner: str, size: int, after: Position | None
) -> list[Definition]:
    """Definitions of an owner with their documents, newest first, after a page's last one."""
    query = (
        select(Definition)
        .where(Definition.owner == owner)
        .options(undefer(Definition.document))
        .order_by(Definition.created_at.desc(), Definition.id.desc())
        .limit(size)
    )
    if after:
        query = query.where(older_than(Definition.created_at, Definition.id, position=after))
    return list(await session.scalars(query))
