"""Queries on users and their tokens."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Member, RevokedToken, User


async def get(session: AsyncSession, user_id: str) -> User | None:
    """A user, also one who was removed."""
    return await session.get(User, user_id)


async def with_memberships(
    session: AsyncSession, user_id: str
) -> tuple[User | None, dict[str, Role]]:
    """A user, and their role in each of their workspaces; in one query, as every request asks."""
    query = (
        select(User, Member.workspace_id, Member.role)
        .outerjoin(Member, Member.user_id == User.id)
        .where(User.id == user_id)
    )
    rows = (await session.execute(query)).all()
    if not rows:
        return None, {}
    return rows[0][0], {workspace: role for _, workspace, role in rows if workspace is not None}


async def is_revoked(session: AsyncSession, token_id: str) -> bool:
    """Whether a token was taken back."""
    query = select(RevokedToken.id).where(RevokedToken.id == token_id)
    return await session.scalar(query) is not None
