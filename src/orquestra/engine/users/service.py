"""What can be done with users."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Member, Project, User, Workspace
from orquestra.engine.ownership import DEFAULT_PROJECT
from orquestra.engine.users import store


async def ensure(session: AsyncSession, user_id: str, *, at: datetime) -> User:
    """A user, made with a personal workspace where there is none of the name."""
    user = await store.get(session, user_id)
    if user is not None:
        return user
    user = User(id=user_id, is_admin=False, removed=False, created_at=at)
    described = {"description": "", "created_by": user_id, "created_at": at, "updated_at": at}
    session.add_all([user, Workspace(id=user_id, display_name=user_id, **described)])
    await session.flush()
    project = Project(
        workspace_id=user_id, id=DEFAULT_PROJECT, display_name=DEFAULT_PROJECT, **described
    )
    session.add_all([Member(user_id=user_id, workspace_id=user_id, role=Role.OWNER), project])
    await session.flush()
    return user
