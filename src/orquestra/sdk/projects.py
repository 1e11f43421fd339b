"""Where a run belongs, by what a program says and what its environment does."""

import os
from dataclasses import dataclass

from orquestra.sdk.exceptions import ProjectInvalidError


@dataclass(frozen=True)
class ProjectRef:
    """A project, by its id and that of its workspace."""

    workspace_id: str
    project_id: str


def current_workspace() -> str | None:
    """The workspace that the environment names."""
    return os.environ.get("ORQ_CURRENT_WORKSPACE") or None


def current_project() -> str | None:
    """The project that the environment names."""
    return os.environ.get("ORQ_CURRENT_PROJECT") or None


def resolve_project(*, workspace_id: str | None, project_id: str | None) -> ProjectRef | None:
    """Where a run belongs, by what was given and else by the environment; None for nowhere.

    Raises:
        ProjectInvalidError: only one of workspace and project is known.
    """
    workspace = workspace_id or current_workspace()
    project = project_id or current_project()
    if workspace and project:
        return ProjectRef(workspace_id=workspace, project_id=project)
    if workspace or project:
        known, missing = ("workspace", "project") if workspace else ("project", "workspace")
        raise ProjectInvalidError(
            f"The {known} {workspace or project!r} is given, but no {missing}. Give both, by "
            "arguments or by ORQ_CURRENT_WORKSPACE and ORQ_CURRENT_PROJECT, or neither."
        )
    return None
