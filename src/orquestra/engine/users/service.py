"""What can be done with users."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.tokens import Claims
from orquestra.engine.database.tables import RevokedToken, User
from orquestra.engine.errors import BadRequest
from orquestra.engine.users import store
from orquestra.engine.workspaces import service as workspaces
from orquestra.engine.workspaces import store as workspace_store
from orquestra.engine.workspaces.names import check_id


async def ensure(
    session: AsyncSession, user_id: str, *, at: datetime, is_local: bool = False
) -> User:
    """A user, made with a personal workspace where there is none of the name.

    That of a local engine may have the reserved name, since it is the machine that gives it.

    Raises:
        BadRequest: The user was removed, or the name may not be one.
    """
    user = await store.get(session, user_id)
    if user is None:
        if not is_local:
            _check_reserved(user_id)
        return await _made(session, user_id, at=at)
    if user.removed:
        raise BadRequest(
            f"The user {user_id!r} was removed. `orq engine user add` brings them back."
        )
    return user


async def add(
    session: AsyncSession,
    user_id: str,
    *,
    is_admin: bool,
    password_hash: str | None,
    at: datetime,
) -> None:
    """Make a user, or bring one back who was removed: then with nothing but what they own.

    Raises:
        BadRequest: There is such a user already, or the name may not be one.
    """
    user = await store.get(session, user_id)
    if user is None:
        _check_reserved(user_id)
        user = await _made(session, user_id, at=at)
    elif not user.removed:
        raise BadRequest(f"There is a user {user_id!r} already.")
    user.removed = False
    user.is_admin = is_admin
    user.password_hash = password_hash


async def remove(session: AsyncSession, user_id: str, *, at: datetime) -> None:
    """Let a user log in no more, and be a member of no shared workspace; their runs stay.

    Raises:
        NotFound: There is no such user.
    """
    user = await store.existing(session, user_id)
    user.removed = True
    user.is_admin = False
    user.password_hash = None
    # Else the old ones would count again if the user comes back.
    user.tokens_valid_from = at
    await store.leave_shared_workspaces(session, user_id)


async def set_password(
    session: AsyncSession, user_id: str, *, password_hash: str | None, at: datetime
) -> bool:
    """Give a user another password, or none. Where there was one, tokens issued so far end.

    Whether they do is told, since whoever knew the old password may have got one.

    Raises:
        NotFound: There is no such user.
    """
    user = await store.existing(session, user_id)
    replaced = user.password_hash is not None
    user.password_hash = password_hash
    if replaced:
        user.tokens_valid_from = at
    return replaced


async def set_admin(session: AsyncSession, user_id: str, *, is_admin: bool) -> None:
    """Make a user an administrator, or one no more.

    Raises:
        NotFound: There is no such user.
    """
    user = await store.existing(session, user_id)
    user.is_admin = is_admin


async def revoke_all(session: AsyncSession, user_id: str, *, at: datetime) -> None:
    """Take back all login tokens that a user has been given so far.

    Raises:
        NotFound: There is no such user.
    """
    user = await store.existing(session, user_id)
    user.tokens_valid_from = at


async def revoke(session: AsyncSession, claims: Claims, *, at: datetime) -> None:
    """Take back one login token.

    Raises:
        BadRequest: It is one that can only end in another way.
    """
    if claims.run_id is not None or claims.expires_at is None:
        raise BadRequest("This is the token of a run. It ends with the run: `orq wf stop`.")
    if not claims.id:
        raise BadRequest(
            "This token was made before release 2.0.0a2 and cannot be taken back alone. "
            f"`orq engine token revoke --user {claims.user}` takes back all of this user."
        )
    await store.forget_revoked(session, expired_at=at)
    await session.merge(RevokedToken(id=claims.id, expires_at=claims.expires_at))


def _check_reserved(user_id: str) -> None:
    if user_id == workspaces.ADMINISTRATOR:
        raise BadRequest(
            f"No user can be named {user_id!r}: that is said to have made what nobody owns."
        )


async def _made(session: AsyncSession, user_id: str, *, at: datetime) -> User:
    check_id(user_id, noun="user")
    if await workspace_store.get(session, user_id) is not None:
        raise BadRequest(
            f"There is a workspace {user_id!r}, so no user can have this name: a user's personal "
            "workspace has the name of the user."
        )
    user = User(id=user_id, is_admin=False, removed=False, created_at=at)
    session.add(user)
    await session.flush()
    description = workspaces.Description(created_by=user_id, at=at)
    await workspaces.add(session, user_id, owner=user_id, description=description)
    return user
