"""The group `orq workspace`."""

import click

from orquestra.cli.lazy import Command, LazyGroup
from orquestra.cli.options import config_option, json_option


@click.command("list")
@config_option
@json_option
def list_workspaces(config: str | None, as_json: bool) -> None:
    """List the workspaces that a login may use: one's own, and those shared with others."""
    from orquestra import sdk
    from orquestra.cli import printing
    from orquestra.cli.logins import choose

    found = sdk.list_workspaces(choose(config))
    if as_json:
        workspaces = [{"id": each.workspace_id, "name": each.name} for each in found]
        printing.print_json({"workspaces": workspaces})
    else:
        rows = [(each.workspace_id, each.name) for each in found]
        printing.print_table(("Workspace ID", "Name"), rows)


_COMMANDS = {
    "list": Command(
        target="orquestra.cli.workspace:list_workspaces",
        help="List the workspaces that a login may use.",
    )
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def workspace() -> None:
    """List the workspaces of a login. `orq engine workspace` makes them."""
