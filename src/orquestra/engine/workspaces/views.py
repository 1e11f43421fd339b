"""How the catalog shows workspaces and projects."""

from datetime import datetime
from typing import TypedDict

from orquestra.engine.database.tables import Project, Workspace
from orquestra.engine.workspaces.names import namespace
from orquestra.sdk.schema import catalog


class _Facts(TypedDict):
    id: str
    display_name: str
    description: str
    created_by: str
    created_at: datetime
    last_accessed: datetime
    last_updated: datetime


def workspace(row: Workspace, *, owner: str | None) -> catalog.Workspace:
    """A workspace; one without an owner shows who made it."""
    return catalog.Workspace(
        owner=owner or row.created_by,
        resource_group_id=row.id,
        namespace=namespace(row.id),
        **_facts(row),
    )


def project(row: Project) -> catalog.Project:
    """A project."""
    return catalog.Project(owner=row.created_by, resource_group_id=row.workspace_id, **_facts(row))


def _facts(row: Workspace | Project) -> _Facts:
    return _Facts(
        id=row.id,
        display_name=row.display_name,
        description=row.description,
        created_by=row.created_by,
        created_at=row.created_at,
        # Nobody notes who has only looked.
        last_accessed=row.updated_at,
        last_updated=row.updated_at,
    )
