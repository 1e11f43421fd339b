"""The group `orq engine workspace`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.engine.administering import administer, look
from orquestra.cli.engine.options import data_option
from orquestra.cli.options import json_option

if TYPE_CHECKING:
    from orquestra.engine.database.tables import Member, Workspace


@click.group()
def workspace() -> None:
    """Add and remove workspaces and their members, whether the engine runs or not.

    Every user has a personal one, which has the user's name; those made here are for sharing.
    """


@workspace.command()
@click.argument("workspace_id", metavar="ID")
@click.option("--name", metavar="TEXT", help="What people see of it (default: its id).")
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@click.option("--owner", metavar="USER", help="A user who may change what others put there.")
@data_option
def add(
    workspace_id: str, name: str | None, description: str, owner: str | None, data: Path
) -> None:
    """Add a workspace, with a project `default`."""
    from orquestra.engine.clock import system_clock
    from orquestra.engine.workspaces import service

    described = service.Description(
        created_by=owner or service.ADMINISTRATOR, at=system_clock(), name=name, text=description
    )
    administer(
        data,
        lambda session: service.add(session, workspace_id, owner=owner, description=described),
    )
    click.echo(f"Added the workspace {workspace_id!r}.")
    if owner is None:
        click.echo("It has no members yet: `orq engine workspace member` adds some.")


@workspace.command(name="list")
@json_option
@data_option
def list_workspaces(as_json: bool, data: Path) -> None:
    """List the workspaces with their members."""
    from orquestra.cli import printing
    from orquestra.engine.workspaces import service

    workspaces = [_describe(row, members) for row, members in look(data, service.listed)]
    if as_json:
        printing.print_json({"workspaces": workspaces})
        return
    printing.print_table(
        ("Workspace", "Name", "Owners", "Members"),
        [
            (
                workspace["id"],
                workspace["name"],
                _names(workspace, role="owner"),
                _names(workspace, role="member"),
            )
            for workspace in workspaces
        ],
    )


@workspace.command()
@click.argument("workspace_id", metavar="WORKSPACE")
@click.argument("user")
@click.option(
    "--role",
    type=click.Choice(["owner", "member"]),
    help="An owner also changes what other members have put there (default: member).",
)
@click.option("--remove", is_flag=True, help="Let the user be no member any more.")
@data_option
def member(workspace_id: str, user: str, role: str | None, remove: bool, data: Path) -> None:
    """Make a user a member of a shared workspace, or give a member another role."""
    from orquestra.engine.auth.caller import Role
    from orquestra.engine.clock import system_clock
    from orquestra.engine.workspaces import service

    if remove and role:
        raise click.UsageError("--remove takes no --role.")
    at = system_clock()
    if remove:
        administer(
            data,
            lambda session: service.remove_member(session, workspace_id, user_id=user, at=at),
        )
        click.echo(f"{user!r} is no member of the workspace {workspace_id!r} any more.")
        return
    given = Role((role or "member").upper())
    administer(
        data,
        lambda session: service.set_member(session, workspace_id, user_id=user, role=given, at=at),
    )
    became = "an owner" if given is Role.OWNER else "a member"
    click.echo(f"{user!r} is {became} of the workspace {workspace_id!r}.")


@workspace.command()
@click.argument("workspace_id", metavar="ID")
@data_option
def remove(workspace_id: str, data: Path) -> None:
    """Remove a shared workspace in which there are no definitions, runs and secrets."""
    from orquestra.engine.workspaces import service

    administer(data, lambda session: service.remove(session, workspace_id))
    click.echo(f"Removed the workspace {workspace_id!r}.")


def _describe(row: "Workspace", members: Sequence["Member"]) -> dict[str, Any]:
    from orquestra.cli import printing

    return {
        "id": row.id,
        "name": row.display_name,
        "description": row.description,
        "created": printing.as_json(row.created_at),
        "members": [
            {"user": member.user_id, "role": member.role.value.lower()} for member in members
        ],
    }


def _names(workspace: dict[str, Any], *, role: str) -> str:
    return ", ".join(member["user"] for member in workspace["members"] if member["role"] == role)
