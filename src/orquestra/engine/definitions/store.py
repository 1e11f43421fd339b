"""Queries on workflow definitions."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.positions import Position, older_than
from orquestra.engine.database.tables import Definition, Run


async def add(session: AsyncSession, definition: Definition) -> None:
    """Store a definition."""
    session.add(definition)
    await session.flush()


async def get(session: AsyncSession, definition_id: str) -> Definition | None:
    """A definition, without its document."""
    return await session.get(Definition, definition_id)


async def document(session: AsyncSession, definition_id: str) -> str:
    """The text of a definition that is there."""
    query = select(Definition.document).where(Definition.id == definition_id)
    return (await session.scalars(query)).one()


async def documents(session: AsyncSession, definition_ids: Sequence[str]) -> dict[str, str]:
    """The texts of definitions, of those that are there."""
    query = select(Definition.id, Definition.document).where(Definition.id.in_(definition_ids))
    return {row.id: row.document for row in await session.execute(query)}


async def has_runs(session: AsyncSession, definition_id: str) -> bool:
    """Whether any run refers to a definition."""
    query = select(Run.id).where(Run.definition_id == definition_id).limit(1)
    return await session.scalar(query) is not None


async def page(
    session: AsyncSession, *, owner: str, size: int, after: Position | None
) -> list[Definition]:
    """Definitions of an owner without their documents, newest first, after a page's last one."""
    query = (
        select(Definition)
        .where(Definition.owner == owner)
        .order_by(Definition.created_at.desc(), Definition.id.desc())
        .limit(size)
    )
    if after:
        query = query.where(older_than(Definition.created_at, Definition.id, position=after))
    return list(await session.scalars(query))
