"""`orq secret get`."""

import click

from orquestra.cli.options import config_option, json_option
from orquestra.cli.secret.options import name_argument, secret_store, workspace_option


@click.command()
@name_argument
@config_option
@workspace_option
@json_option
def get(name: str, config: str | None, workspace_id: str | None, as_json: bool) -> None:
    """Print the value of a secret, and nothing else."""
    from orquestra.cli.printing import print_json

    value = secret_store(config, workspace_id=workspace_id).get(name)
    if as_json:
        print_json({"name": name, "value": value})
    else:
        click.echo(value)
