"""Queries on workspaces, their members and projects."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Definition, Member, Project, Run, Secret, Workspace


async def get(session: AsyncSession, workspace_id: str) -> Workspace | None:
    """A workspace."""
    return await session.get(Workspace, workspace_id)


async def ids(session: AsyncSession) -> Sequence[str]:
    """The ids of all workspaces, in order."""
    return (await session.scalars(select(Workspace.id).order_by(Workspace.id))).all()


async def listed(
    session: AsyncSession, *, among: Collection[str] | None = None
) -> Sequence[Workspace]:
    """Workspaces by name; `among` their ids, None for all."""
    query = select(Workspace).order_by(Workspace.display_name, Workspace.id)
    if among is not None:
        query = query.where(Workspace.id.in_(among))
    return (await session.scalars(query)).all()


async def owners(session: AsyncSession) -> Mapping[str, str]:
    """The owner of each workspace, the first of several by name; there may be none."""
    query = (
        select(Member.workspace_id, func.min(Member.user_id).label("user_id"))
        .where(Member.role == Role.OWNER)
        .group_by(Member.workspace_id)
    )
    return {row.workspace_id: row.user_id for row in await session.execute(query)}


async def members(session: AsyncSession) -> Mapping[str, Sequence[Member]]:
    """The members of each workspace, by name."""
    found: defaultdict[str, list[Member]] = defaultdict(list)
    for member in await session.scalars(select(Member).order_by(Member.user_id)):
        found[member.workspace_id].append(member)
    return found


async def member(session: AsyncSession, *, workspace_id: str, user_id: str) -> Member | None:
    """What a user is in a workspace."""
    return await session.get(Member, {"user_id": user_id, "workspace_id": workspace_id})


async def project(session: AsyncSession, *, workspace_id: str, project_id: str) -> Project | None:
    """A project."""
    return await session.get(Project, {"workspace_id": workspace_id, "id": project_id})


async def projects(session: AsyncSession, *, workspace_id: str | None) -> Sequence[Project]:
    """The projects of a workspace, or, with None, of all of them; by name."""
    query = select(Project).order_by(Project.workspace_id, Project.display_name, Project.id)
    if workspace_id is not None:
        query = query.where(Project.workspace_id == workspace_id)
    return (await session.scalars(query)).all()


async def contents(
    session: AsyncSession, *, workspace_id: str, project_id: str | None = None
) -> Mapping[str, int]:
    """How much there is in a workspace, or in one project of it: things by their noun."""

    def place(table: type[Definition] | type[Run]) -> ColumnElement[bool]:
        in_workspace = table.workspace_id == workspace_id
        if project_id is None:
            return in_workspace
        return and_(in_workspace, table.project_id == project_id)

    numbers = {
        "workflow definitions": select(func.count())
        .select_from(Definition)
        .where(place(Definition)),
        "workflow runs": select(func.count()).select_from(Run).where(place(Run)),
    }
    if project_id is None:
        numbers["secrets"] = (
            select(func.count()).select_from(Secret).where(Secret.workspace_id == workspace_id)
        )
    found = {noun: await session.scalar(query) or 0 for noun, query in numbers.items()}
    return {noun: number for noun, number in found.items() if number}
