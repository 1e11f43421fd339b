"""New passwords, as an administrator gives them."""

import sys

import click

from orquestra.cli.standard_input import read_hidden

_TYPE_IT = "type it at a terminal: the same command without --password-stdin"


def new_password_hash(*, from_stdin: bool) -> str:
    """What is kept of a password, typed twice at the terminal or read from standard input."""
    from orquestra.engine.auth.passwords import check_password, password_hash

    password = read_hidden("the password", hint=_TYPE_IT) if from_stdin else _typed()
    check_password(password)
    return password_hash(password)


def _typed() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(
            "There is no terminal to type the password on. Give it with --password-stdin."
        )
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


stdin_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input."
)
