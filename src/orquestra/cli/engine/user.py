"""The group `orq engine user`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.engine.administering import administer, look, tell_of_runs
from orquestra.cli.engine.options import data_option
from orquestra.cli.engine.passwords import new_password_hash, stdin_option
from orquestra.cli.options import json_option

if TYPE_CHECKING:
    from orquestra.engine.database.tables import User


@click.group()
def user() -> None:
    """Add, change and remove the users of a Compute Engine, whether it runs or not."""


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="Let the user see and change what others own.")
@click.option("--password", "ask", is_flag=True, help="Ask for a password for the login page.")
@stdin_option
@data_option
def add(name: str, admin: bool, ask: bool, from_stdin: bool, data: Path) -> None:
    """Add a user, or bring back one who was removed, with a workspace of the same name.

    NAME is what the user logs in with, for example an e-mail address.
    """
    from orquestra.engine.clock import system_clock
    from orquestra.engine.users import service

    kept = new_password_hash(from_stdin=from_stdin) if ask or from_stdin else None
    administer(
        data,
        lambda session: service.add(
            session, name, is_admin=admin, password_hash=kept, at=system_clock()
        ),
        make=True,
    )
    click.echo(f"Added the user {name!r}.")
    if kept is None:
        click.echo(
            "They have no password. `orq engine user password` gives them one for the login page, "
            "`orq engine token --user` a token to log in with."
        )


@user.command(name="list")
@json_option
@data_option
def list_users(as_json: bool, data: Path) -> None:
    """List the users."""
    from orquestra.cli import printing
    from orquestra.engine.users import store

    users = [_describe(user) for user in look(data, store.listed)]
    if as_json:
        printing.print_json({"users": users})
    elif not users:
        click.echo("There are no users. `orq engine user add` adds one.")
    else:
        printing.print_table(
            ("User", "Administrator", "Password", "Since"),
            [
                (
                    user["name"],
                    "yes" if user["admin"] else "",
                    "yes" if user["password"] else "",
                    printing.local_time(user["created"]),
                )
                for user in users
            ],
        )


def _describe(user: "User") -> dict[str, Any]:
    from orquestra.cli import printing

    return {
        "name": user.id,
        "admin": user.is_admin,
        "password": user.password_hash is not None,
        "created": printing.as_json(user.created_at),
    }


@user.command()
@click.argument("name")
@stdin_option
@click.option("--remove", is_flag=True, help="Take the password away instead.")
@data_option
def password(name: str, from_stdin: bool, remove: bool, data: Path) -> None:
    """Give a user a password for the login page; asks for it, twice.

    Where there was another one, all login tokens given out so far end: whoever knew that password
    may have one.
    """
    from orquestra.engine.clock import system_clock
    from orquestra.engine.users import service, store

    if remove and from_stdin:
        raise click.UsageError("--remove takes no password.")
    look(data, lambda session: store.existing(session, name))  # before asking for one
    kept = None if remove else new_password_hash(from_stdin=from_stdin)
    tokens_ended = administer(
        data,
        lambda session: service.set_password(session, name, password_hash=kept, at=system_clock()),
    )
    click.echo(f"{name!r} has {'no password any more' if remove else 'a new password'}.")
    if tokens_ended:
        click.echo("Their login tokens have ended; they log in again.")
        tell_of_runs(data, name)


@user.command()
@click.argument("name")
@click.option("--yes/--no", "is_admin", default=True, help="Be one, or be one no more.")
@data_option
def admin(name: str, is_admin: bool, data: Path) -> None:
    """Make a user an administrator: one who may see and change what others own."""
    from orquestra.engine.users import service

    administer(data, lambda session: service.set_admin(session, name, is_admin=is_admin))
    click.echo(
        f"{name!r} is {'an administrator now' if is_admin else 'no administrator any more'}."
    )


@user.command()
@click.argument("name")
@data_option
def remove(name: str, data: Path) -> None:
    """Let a user log in no more; their tokens end, and their runs stay.

    `orq engine user add` brings them back to what they own.
    """
    from orquestra.engine.clock import system_clock
    from orquestra.engine.users import service

    administer(data, lambda session: service.remove(session, name, at=system_clock()))
    click.echo(f"Removed the user {name!r}. What they own stays.")
    tell_of_runs(data, name, removed=True)
