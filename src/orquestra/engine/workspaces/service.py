"""What can be done with workspaces, their members and their projects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Caller, Role
from orquestra.engine.database.tables import Member, Project, Workspace
from orquestra.engine.errors import BadRequest, NotFound
from orquestra.engine.users import store as users
from orquestra.engine.workspaces import store
from orquestra.engine.workspaces.names import check_id
from orquestra.engine.workspaces.spaces import DEFAULT_PROJECT

ADMINISTRATOR = "administrator"
"""Who has made what nobody owns."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """A new workspace or project as people see it; its name is its id where none is given."""

    created_by: str
    at: datetime
    name: str | None = None
    text: str = ""

    def columns(self, identifier: str) -> dict[str, str | datetime]:
        """What its table says of it."""
        return {
            "id": identifier,
            "display_name": self.name or identifier,
            "description": self.text,
            "created_by": self.created_by,
            "created_at": self.at,
            "updated_at": self.at,
        }


async def add(
    session: AsyncSession, workspace_id: str, *, owner: str | None, description: Description
) -> None:
    """Make a workspace with the project `default`; without an owner it has no members yet.

    Raises:
        BadRequest: There is one already, or the id may not be one.
        NotFound: There is no such owner.
    """
    check_id(workspace_id, noun="workspace")
    if await store.get(session, workspace_id) is not None:
        raise BadRequest(f"There is a workspace {workspace_id!r} already.")
    if owner is not None:
        await users.existing(session, owner)
    session.add(Workspace(**description.columns(workspace_id)))
    await session.flush()
    if owner is not None:
        session.add(Member(user_id=owner, workspace_id=workspace_id, role=Role.OWNER))
    default = Description(created_by=description.created_by, at=description.at)
    session.add(Project(workspace_id=workspace_id, **default.columns(DEFAULT_PROJECT)))
    await session.flush()


async def remove(session: AsyncSession, workspace_id: str) -> None:
    """Forget a shared workspace in which there is nothing.

    Raises:
        NotFound: There is none of that id.
        BadRequest: It is a user's personal one, or something is in it.
    """
    workspace = await _shared(session, workspace_id)
    await _check_empty(session, workspace_id=workspace_id)
    for table in (Member, Project):
        await session.execute(delete(table).where(table.workspace_id == workspace_id))
    await session.delete(workspace)


async def set_member(
    session: AsyncSession, workspace_id: str, *, user_id: str, role: Role, at: datetime
) -> None:
    """Make a user a member of a shared workspace, or give a member another role.

    Raises:
        NotFound: There is no such workspace or user.
        BadRequest: It is a user's personal one.
    """
    workspace = await _shared(session, workspace_id)
    await users.existing(session, user_id)
    workspace.updated_at = at
    member = await store.member(session, workspace_id=workspace_id, user_id=user_id)
    if member is None:
        session.add(Member(user_id=user_id, workspace_id=workspace_id, role=role))
    else:
        member.role = role


async def remove_member(
    session: AsyncSession, workspace_id: str, *, user_id: str, at: datetime
) -> None:
    """Let a user be no member of a shared workspace any more; what they put there stays.

    Raises:
        NotFound: There is no such workspace, or the user is no member of it.
        BadRequest: It is a user's personal one.
    """
    workspace = await _shared(session, workspace_id)
    member = await store.member(session, workspace_id=workspace_id, user_id=user_id)
    if member is None:
        raise NotFound(f"{user_id!r} is no member of the workspace {workspace_id!r}.")
    workspace.updated_at = at
    await session.delete(member)


async def add_project(
    session: AsyncSession, workspace_id: str, project_id: str, *, description: Description
) -> None:
    """Make a project.

    Raises:
        NotFound: There is no such workspace.
        BadRequest: There is such a project already, or the id may not be one.
    """
    check_id(project_id, noun="project")
    workspace = await existing(session, workspace_id)
    if await store.project(session, workspace_id=workspace_id, project_id=project_id):
        raise BadRequest(
            f"There is a project {project_id!r} in the workspace {workspace_id!r} already."
        )
    workspace.updated_at = description.at
    session.add(Project(workspace_id=workspace_id, **description.columns(project_id)))


async def remove_project(
    session: AsyncSession, workspace_id: str, project_id: str, *, at: datetime
) -> None:
    """Forget a project in which there is nothing.

    Raises:
        NotFound: There is no such workspace or project.
        BadRequest: It is the project `default`, or something is in it.
    """
    workspace = await existing(session, workspace_id)
    if project_id == DEFAULT_PROJECT:
        raise BadRequest(f"Every workspace has a project {DEFAULT_PROJECT!r}; it stays.")
    project = await store.project(session, workspace_id=workspace_id, project_id=project_id)
    if project is None:
        there = await store.projects(session, workspace_id=workspace_id)
        raise NotFound(
            f"There is no project {project_id!r} in the workspace {workspace_id!r}. "
            f"There are: {', '.join(project.id for project in there)}."
        )
    await _check_empty(session, workspace_id=workspace_id, project_id=project_id)
    workspace.updated_at = at
    await session.delete(project)


async def of_caller(session: AsyncSession, caller: Caller) -> Sequence[Workspace]:
    """The workspaces that a caller may use, their own one first."""
    among = None if caller.is_admin else caller.workspaces.keys()
    found = await store.listed(session, among=among)
    return sorted(found, key=lambda workspace: workspace.id != caller.user)


async def projects(
    session: AsyncSession, workspace_id: str, *, caller: Caller
) -> Sequence[Project]:
    """The projects of a workspace, `default` first.

    Raises:
        Forbidden: The caller may not use it; whether it exists is not said.
        NotFound: There is none of that id.
    """
    caller.check_workspace(workspace_id)
    await existing(session, workspace_id)
    found = await store.projects(session, workspace_id=workspace_id)
    return sorted(found, key=lambda project: project.id != DEFAULT_PROJECT)


async def listed(session: AsyncSession) -> Sequence[tuple[Workspace, Sequence[Member]]]:
    """All workspaces, each with its members."""
    members = await store.members(session)
    return [(row, members.get(row.id, ())) for row in await store.listed(session)]


async def all_projects(session: AsyncSession, workspace_id: str | None) -> Sequence[Project]:
    """The projects of a workspace, or, with None, of all of them.

    Raises:
        NotFound: There is none of that id.
    """
    if workspace_id is not None:
        await existing(session, workspace_id)
    return await store.projects(session, workspace_id=workspace_id)


async def existing(session: AsyncSession, workspace_id: str) -> Workspace:
    """A workspace.

    Raises:
        NotFound: There is none of that id.
    """
    workspace = await store.get(session, workspace_id)
    if workspace is None:
        there = await store.ids(session)
        raise NotFound(
            f"There is no workspace {workspace_id!r}. There are: {', '.join(there) or 'none'}."
        )
    return workspace


async def _shared(session: AsyncSession, workspace_id: str) -> Workspace:
    workspace = await existing(session, workspace_id)
    if await users.get(session, workspace_id) is not None:
        raise BadRequest(
            f"{workspace_id!r} is the personal workspace of this user. It is theirs alone, and "
            "stays as long as they do; make another one to share."
        )
    return workspace


async def _check_empty(
    session: AsyncSession, *, workspace_id: str, project_id: str | None = None
) -> None:
    found: Mapping[str, int] = await store.contents(
        session, workspace_id=workspace_id, project_id=project_id
    )
    if found:
        there = ", ".join(f"{number} {noun}" for noun, number in found.items())
        what = f"workspace {workspace_id!r}" if project_id is None else f"project {project_id!r}"
        raise BadRequest(f"The {what} is not empty, so it stays: there are {there} in it.")
