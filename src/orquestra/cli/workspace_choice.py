"""The workspace and the project that runs belong to, chosen where they are not given."""

from collections.abc import Sequence

from orquestra.cli.prompts import choose, labels
from orquestra.sdk import RuntimeConfig, list_projects, list_workspaces
from orquestra.sdk.projects import current_project, current_workspace


def choose_workspace(
    login: RuntimeConfig, given: str | None = None, *, instead: str = "-w/--workspace-id ID"
) -> str | None:
    """The workspace that was given, else the one that is chosen; the local runtime has none.

    Raises:
        Failure: there is none, or nobody to ask.
    """
    if login.is_local:
        return None
    if given is not None:
        return given
    rows = [(workspace.name, workspace.workspace_id) for workspace in list_workspaces(login)]
    return choose(
        "Workspace",
        _options(rows, current=current_workspace(), mark="(CURRENT WORKSPACE)"),
        instead=instead,
    )


def choose_project(
    login: RuntimeConfig, given: str | None = None, *, workspace_id: str | None
) -> str | None:
    """The project of a workspace, in the same way.

    Raises:
        Failure: there is none, or nobody to ask.
    """
    if login.is_local or workspace_id is None:
        return None
    if given is not None:
        return given
    rows = [(project.name, project.project_id) for project in list_projects(login, workspace_id)]
    return choose(
        "Projects",
        _options(rows, current=current_project(), mark="(CURRENT PROJECT)"),
        instead="-p/--project-id ID",
    )


def _options(rows: Sequence[tuple[str, str]], *, current: str | None, mark: str) -> dict[str, str]:
    """Names and ids in two columns; what the environment names is marked and comes first."""
    shown = dict(zip(labels(rows), (identifier for _, identifier in rows), strict=True))
    marked = {
        f"{label}  {mark}": identifier
        for label, identifier in shown.items()
        if identifier == current
    }
    return marked | {
        label: identifier for label, identifier in shown.items() if identifier != current
    }
