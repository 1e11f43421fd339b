"""Queries on secrets."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Secret


async def get(session: AsyncSession, workspace_id: str, name: str) -> Secret | None:
    """A secret of a workspace."""
    return await session.get(Secret, (workspace_id, name))


async def names(session: AsyncSession, workspace_id: str) -> Sequence[str]:
    """The names of all secrets of a workspace, in alphabetical order."""
    query = select(Secret.name).where(Secret.workspace_id == workspace_id).order_by(Secret.name)
    return (await session.scalars(query)).all()


async def names_in(session: AsyncSession, workspaces: Collection[str]) -> set[tuple[str, str]]:
    """The secrets of some workspaces: of each its workspace and its name."""
    query = select(Secret.workspace_id, Secret.name).where(Secret.workspace_id.in_(workspaces))
    return {(workspace_id, name) for workspace_id, name in await session.execute(query)}


async def key_ids(session: AsyncSession) -> set[str]:
    """The keys that secrets are encrypted with."""
    return set(await session.scalars(select(Secret.key_id).distinct()))


async def sealed_otherwise(session: AsyncSession, key_id: str) -> Sequence[Secret]:
    """All secrets that are encrypted with another key than this one."""
    return (await session.scalars(select(Secret).where(Secret.key_id != key_id))).all()
