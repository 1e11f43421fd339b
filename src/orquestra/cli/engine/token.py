"""`orq engine token`, and `orq engine token revoke`."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from orquestra.cli.engine.administering import administer, tell_of_runs
from orquestra.cli.engine.options import data_option

if TYPE_CHECKING:
    from orquestra.engine.auth.tokens import Tokens


@click.group(invoke_without_command=True)
@click.option("--user", metavar="NAME", help="Whom the token stands for; made where there is none.")
@data_option
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="How long it is valid.",
)
@click.pass_context
def token(ctx: click.Context, user: str | None, data: Path, days: int) -> None:
    """Print a login token of the engine with this data folder, and nothing else."""
    if ctx.invoked_subcommand is not None:
        _refuse_options(ctx, subcommand=ctx.invoked_subcommand)
        return
    if user is None:
        raise click.UsageError("Say whom the token stands for with --user.")
    name = user
    from orquestra.engine.clock import system_clock
    from orquestra.engine.users import service

    administer(data, lambda session: service.ensure(session, name, at=system_clock()), make=True)
    click.echo(_tokens(data).issue(name, lifetime=timedelta(days=days)))


@token.command()
@click.argument("login_token", metavar="[TOKEN]", required=False)
@click.option("--user", metavar="NAME", help="Take back all that this user has been given so far.")
@data_option
def revoke(login_token: str | None, user: str | None, data: Path) -> None:
    """Take back one login token, or all of a user. An engine that runs knows within a second."""
    from orquestra.engine.clock import system_clock
    from orquestra.engine.users import service

    if login_token is not None and user is None:
        claims = _tokens(data).read(login_token)
        administer(data, lambda session: service.revoke(session, claims, at=system_clock()))
        click.echo(f"Took back a token of {claims.user!r}.")
    elif user is not None and login_token is None:
        administer(data, lambda session: service.revoke_all(session, user, at=system_clock()))
        click.echo(f"Took back all tokens of {user!r}.")
        tell_of_runs(data, user)
    else:
        raise click.UsageError("Give either a token or --user.")


def _tokens(data: Path) -> "Tokens":
    from orquestra.engine.administration import data_folder
    from orquestra.engine.auth.keys import SecretKey
    from orquestra.engine.auth.tokens import Tokens

    return Tokens(SecretKey.load(data_folder(data).keys))


def _refuse_options(ctx: click.Context, *, subcommand: str) -> None:
    given = [
        name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"Write --{given[0]} behind `{subcommand}`.")
