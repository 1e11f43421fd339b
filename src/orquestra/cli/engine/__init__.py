"""The group `orq engine`: starting a Compute Engine, and what its administrator does with it.

The only part of the command line that imports `orquestra.engine`, and needs its extra installed.
"""

from typing import Any

import click

from orquestra.cli.lazy import Command, LazyGroup

_COMMANDS = {
    "serve": Command(
        target="orquestra.cli.engine.serve:serve", help="Run a Compute Engine until Ctrl-C."
    ),
    "token": Command(
        target="orquestra.cli.engine.token:token", help="Print a login token, or take some back."
    ),
    "user": Command(target="orquestra.cli.engine.user:user", help="Add, change and remove users."),
    "workspace": Command(
        target="orquestra.cli.engine.workspace:workspace",
        help="Add and remove workspaces and their members.",
    ),
    "project": Command(
        target="orquestra.cli.engine.project:project",
        help="Add and remove projects of workspaces.",
    ),
    "secrets": Command(
        target="orquestra.cli.engine.secrets:secrets",
        help="Change the key that secrets are encrypted with.",
    ),
}


class _Reporting(LazyGroup):
    """Turns the engine's own errors into messages; the rest of the command line meets none."""

    def invoke(self, ctx: click.Context) -> Any:
        from orquestra.cli.engine import extra

        try:
            with extra.required():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # only the engine's are answered here
            from orquestra.cli.exit_codes import ExitCode
            from orquestra.cli.failures import Failure, only_error
            from orquestra.engine.errors import EngineError

            if isinstance(only_error(error), EngineError):
                raise Failure(str(only_error(error)), code=ExitCode.FAILED) from error
            raise


@click.group(cls=_Reporting, commands_by_name=_COMMANDS)
def engine() -> None:
    """Run a Compute Engine on this machine."""
