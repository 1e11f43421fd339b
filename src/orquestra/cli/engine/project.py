"""The group `orq engine project`."""

from pathlib import Path

import click

from orquestra.cli.engine.administering import administer, look
from orquestra.cli.engine.options import data_option
from orquestra.cli.options import json_option


@click.group()
def project() -> None:
    """Add and remove the projects of workspaces, whether the engine runs or not."""


@project.command()
@click.argument("workspace_id", metavar="WORKSPACE")
@click.argument("project_id", metavar="ID")
@click.option("--name", metavar="TEXT", help="What people see of it (default: its id).")
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@data_option
def add(workspace_id: str, project_id: str, name: str | None, description: str, data: Path) -> None:
    """Add a project to a workspace."""
    from orquestra.engine.clock import system_clock
    from orquestra.engine.workspaces import service

    described = service.Description(
        created_by=service.ADMINISTRATOR, at=system_clock(), name=name, text=description
    )
    administer(
        data,
        lambda session: service.add_project(
            session, workspace_id, project_id, description=described
        ),
    )
    click.echo(f"Added the project {project_id!r} to the workspace {workspace_id!r}.")


@project.command(name="list")
@click.argument("workspace_id", metavar="[WORKSPACE]", required=False)
@json_option
@data_option
def list_projects(workspace_id: str | None, as_json: bool, data: Path) -> None:
    """List the projects of a workspace, or of all."""
    from orquestra.cli import printing
    from orquestra.engine.workspaces import service

    projects = [
        {
            "workspace": row.workspace_id,
            "id": row.id,
            "name": row.display_name,
            "description": row.description,
            "created": printing.as_json(row.created_at),
        }
        for row in look(data, lambda session: service.all_projects(session, workspace_id))
    ]
    if as_json:
        printing.print_json({"projects": projects})
        return
    printing.print_table(
        ("Workspace", "Project", "Name"),
        [(str(row["workspace"]), str(row["id"]), str(row["name"])) for row in projects],
    )


@project.command()
@click.argument("workspace_id", metavar="WORKSPACE")
@click.argument("project_id", metavar="ID")
@data_option
def remove(workspace_id: str, project_id: str, data: Path) -> None:
    """Remove a project in which there are no definitions and runs."""
    from orquestra.engine.clock import system_clock
    from orquestra.engine.workspaces import service

    administer(
        data,
        lambda session: service.remove_project(
            session, workspace_id, project_id, at=system_clock()
        ),
    )
    click.echo(f"Removed the project {project_id!r} of the workspace {workspace_id!r}.")
