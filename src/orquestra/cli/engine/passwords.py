"""New passwords, as an administrator gives them."""

import sys

import click

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure


def new_password_hash(*, from_stdin: bool) -> str:
    """What is kept of a password, typed twice at the terminal or read from standard input.

    It is never an argument: those stay in the shell's history, and everybody on the machine sees
    those of a command that runs.
    """
    from orquestra.engine.auth.passwords import check_password, password_hash

    password = _read() if from_stdin else _typed()
    check_password(password)
    return password_hash(password)


def _read() -> str:
    try:
        line = sys.stdin.buffer.readline().decode()
    except UnicodeDecodeError as error:
        raise Failure(
            "the password is no text: it is not in UTF-8",
            code=ExitCode.FAILED,
            hint="type it at a terminal: the same command without --password-stdin",
        ) from error
    return line.rstrip("\r\n")


def _typed() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(
            "There is no terminal to type the password on. Give it with --password-stdin."
        )
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


stdin_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input."
)
