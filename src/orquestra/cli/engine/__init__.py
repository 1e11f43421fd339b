"""The group `orq engine`: starting a Compute Engine, and issuing its login tokens.

The only part of the command line that imports `orquestra.engine`, and needs its extra installed.
"""

import click

from orquestra.cli.lazy import Command, LazyGroup

_COMMANDS = {
    "serve": Command(
        target="orquestra.cli.engine.serve:serve", help="Run a Compute Engine until Ctrl-C."
    ),
    "token": Command(target="orquestra.cli.engine.token:token", help="Print a login token."),
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def engine() -> None:
    """Run a Compute Engine on this machine."""
