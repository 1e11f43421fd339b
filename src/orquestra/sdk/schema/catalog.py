"""Bodies of the catalog of workspaces and projects: all that the published platform told of them.

Clients read of it what `api.Workspace` and `api.Project` name; what means nothing here has one
value for all.
"""

from datetime import datetime
from typing import Literal

from orquestra.sdk.schema import api


class Described(api.Body):
    """What workspaces and projects have in common. `owner` is a user; so is `created_by`."""

    display_name: str
    description: str
    owner: str
    created_by: str
    created_at: datetime
    last_accessed: datetime
    last_updated: datetime
    resource_group_id: str
    tags: tuple[str, ...] = ()
    status: str = "ready"
    tenant_id: str = "0"
    logo: str = ""


class Workspace(Described, api.Workspace, api.WorkspaceNamespace):
    """One workspace; `resource_group_id` is its own id."""

    type: Literal["resource_group"] = "resource_group"


class Project(Described, api.Project):
    """One project; `resource_group_id` is its workspace."""

    type: Literal["project"] = "project"
    image: str = ""
    profile_name: str = ""
