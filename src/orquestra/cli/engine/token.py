"""`orq engine token`."""

from pathlib import Path

import click

from orquestra.cli.engine.options import data_option


@click.command()
@click.option("--user", required=True, metavar="NAME", help="Whom the token stands for.")
@data_option
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="How long it is valid.",
)
def token(user: str, data: Path, days: int) -> None:
    """Print a login token of the engine with this data folder, and nothing else."""
    from datetime import timedelta

    from orquestra.cli.engine import extra

    with extra.required():
        from orquestra.engine.auth.keys import SecretKey
        from orquestra.engine.auth.tokens import Tokens
        from orquestra.engine.settings import DataFolder
        from orquestra.engine.users import administration
    folder = DataFolder(data.expanduser().resolve())
    folder.create()
    administration.ensure_user(folder, user)
    tokens = Tokens(SecretKey.load(folder.keys))
    click.echo(tokens.issue(user, lifetime=timedelta(days=days)))
