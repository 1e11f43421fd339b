"""The group `orq project`."""

import click

from orquestra.cli.lazy import Command, LazyGroup
from orquestra.cli.options import config_option, json_option, workspace_option


@click.command("list")
@workspace_option("Workspace whose projects are listed. Asked for where there are several.")
@config_option
@json_option
def list_projects(workspace_id: str | None, config: str | None, as_json: bool) -> None:
    """List the projects of a workspace."""
    from orquestra import sdk
    from orquestra.cli import printing
    from orquestra.cli.logins import choose
    from orquestra.cli.workspace_choice import choose_workspace

    login = choose(config)
    workspace = choose_workspace(login, workspace_id) or ""
    found = sdk.list_projects(login, workspace)
    if as_json:
        projects = [{"id": each.project_id, "name": each.name} for each in found]
        printing.print_json({"workspace_id": workspace, "projects": projects})
    else:
        printing.print_table(
            ("Project ID", "Name"), [(each.project_id, each.name) for each in found]
        )


_COMMANDS = {
    "list": Command(
        target="orquestra.cli.project:list_projects", help="List the projects of a workspace."
    )
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def project() -> None:
    """List the projects of a workspace. `orq engine project` makes them."""
