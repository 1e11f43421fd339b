"""The group `orq secret`: commands on the secrets of an engine, a module for each.

A value is never an argument: those stay in the shell's history, and everybody on the machine sees
those of a command that runs.
"""

import click

from orquestra.cli.lazy import Command, LazyGroup

_COMMANDS = {
    "list": Command(
        target="orquestra.cli.secret.list:list_secrets", help="List the names of secrets."
    ),
    "get": Command(target="orquestra.cli.secret.get:get", help="Print the value of a secret."),
    "set": Command(
        target="orquestra.cli.secret.set:set_secret", help="Save a secret, or give it a new value."
    ),
    "delete": Command(target="orquestra.cli.secret.delete:delete", help="Remove a secret."),
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def secret() -> None:
    """Save values for tasks to read, so that they stand in no program.

    A task gets one by `sdk.secrets.get`, or as an argument, where a workflow passes `sdk.Secret`.
    """
