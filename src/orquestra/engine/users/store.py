"""Queries on users and their tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Member, RevokedToken, Run, User
from orquestra.engine.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What is known of the user of a token, and whether that one token was taken back."""

    is_admin: bool
    removed: bool
    tokens_valid_from: datetime | None
    revoked: bool
    workspaces: Mapping[str, Role]


async def identity(session: AsyncSession, user_id: str, *, token_id: str) -> Identity | None:
    """Who a user is, with the role in each of their workspaces.

    In one query of plain columns, since every request asks it.
    """
    revoked = exists().where(RevokedToken.id == token_id)
    query = (
        select(
            User.is_admin,
            User.removed,
            User.tokens_valid_from,
            revoked,
            Member.workspace_id,
            Member.role,
        )
        .outerjoin(Member, Member.user_id == User.id)
        .where(User.id == user_id)
    )
    rows = (await session.execute(query)).all()
    if not rows:
        return None
    is_admin, removed, valid_from, taken_back, *_ = rows[0]
    return Identity(
        is_admin=is_admin,
        removed=removed,
        tokens_valid_from=valid_from,
        revoked=taken_back,
        workspaces={workspace: role for *_, workspace, role in rows if workspace is not None},
    )


async def get(session: AsyncSession, user_id: str) -> User | None:
    """A user, also one who was removed."""
    return await session.get(User, user_id)


async def existing(session: AsyncSession, user_id: str) -> User:
    """A user who was not removed.

    Raises:
        NotFound: There is none of that name.
    """
    user = await get(session, user_id)
    if user is None or user.removed:
        there = ", ".join(user.id for user in await listed(session))
        raise NotFound(f"There is no user {user_id!r}. There are: {there or 'none'}.")
    return user


async def listed(session: AsyncSession) -> Sequence[User]:
    """All users but those who were removed, by name."""
    query = select(User).where(~User.removed).order_by(User.id)
    return (await session.scalars(query)).all()


async def executing_runs(session: AsyncSession, user_id: str) -> int:
    """How many runs of a user execute."""
    query = select(func.count()).select_from(Run).where(Run.owner == user_id, Run.executing)
    return await session.scalar(query) or 0


async def leave_shared_workspaces(session: AsyncSession, user_id: str) -> None:
    """Let a user be a member of their personal workspace only."""
    shared = (Member.user_id == user_id) & (Member.workspace_id != user_id)
    await session.execute(delete(Member).where(shared))


async def forget_revoked(session: AsyncSession, *, expired_at: datetime) -> None:
    """Forget the tokens taken back that have expired by now."""
    await session.execute(delete(RevokedToken).where(RevokedToken.expires_at <= expired_at))
