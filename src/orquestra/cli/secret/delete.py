"""`orq secret delete`."""

import click

from orquestra.cli.options import config_option, json_option
from orquestra.cli.secret.options import name_argument, place, secret_store, workspace_option


@click.command()
@name_argument
@config_option
@workspace_option
@json_option
def delete(name: str, config: str | None, workspace_id: str | None, as_json: bool) -> None:
    """Remove a secret for good."""
    from orquestra.cli.printing import print_json

    secret_store(config, workspace_id=workspace_id).delete(name)
    if as_json:
        print_json({"name": name})
    else:
        click.echo(f"Secret {name} removed from {place(workspace_id)}.")
