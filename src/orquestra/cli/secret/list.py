"""`orq secret list`."""

import click

from orquestra.cli.options import config_option, json_option
from orquestra.cli.secret.options import place, secret_store, workspace_option


@click.command("list")
@config_option
@workspace_option
@json_option
def list_secrets(config: str | None, workspace_id: str | None, as_json: bool) -> None:
    """List the names of secrets, one a line."""
    from orquestra.cli.printing import print_json

    names = secret_store(config, workspace_id=workspace_id).names()
    if as_json:
        print_json({"secrets": [{"name": name} for name in names]})
        return
    for name in names:
        click.echo(name)
    if not names:
        click.echo(f"There are no secrets in {place(workspace_id)}.", err=True)
