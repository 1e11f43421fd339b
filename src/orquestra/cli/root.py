"""The group `orq` itself."""

import os
from typing import Any

import click

from orquestra.cli.exit_codes import INTERRUPTED
from orquestra.cli.lazy import Command, LazyGroup

_CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


def _service(name: str, text: str) -> Command:
    return Command(target=f"orquestra.cli.services.{name}:{name}", help=text)


_COMMANDS = {
    "login": Command(target="orquestra.cli.login.login:login", help="Log in to a Compute Engine."),
    "wf": Command(
        target="orquestra.cli.workflow:workflow",
        help="Submit workflows, follow their runs, get results.",
        aliases=("workflow",),
    ),
    "task": Command(target="orquestra.cli.task:task", help="Get results and logs of single tasks."),
    "workspace": Command(
        target="orquestra.cli.workspace:workspace", help="List the workspaces of a login."
    ),
    "project": Command(
        target="orquestra.cli.project:project", help="List the projects of a workspace."
    ),
    "secret": Command(target="orquestra.cli.secret:secret", help="Save values for tasks to read."),
    "up": _service("up", "Start the local runtime, on this machine."),
    "down": _service("down", "Stop the local runtime."),
    "restart": _service("restart", "Stop the local runtime and start it again."),
    "status": _service("status", "Show whether the local runtime is running."),
    "engine": Command(
        target="orquestra.cli.engine:engine", help="Run a Compute Engine on this machine."
    ),
    "doctor": Command(
        target="orquestra.cli.doctor.doctor:doctor",
        help="Check this machine and the logins, and say how to fix what is wrong.",
    ),
    "completion": Command(
        target="orquestra.cli.completion.completion:completion",
        help="Have a shell complete commands, logins and run ids.",
    ),
}


class _Reporting(LazyGroup):
    """Turns what goes wrong in any command into `error:` and `hint:` lines and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo("\ncancelled", err=True)  # the terminal has written ^C
            ctx.exit(INTERRUPTED)
        except click.Abort:  # Ctrl-C at a question of click's own, such as that for a password
            from orquestra.cli.prompts import cancel

            cancel()
        except Exception as error:  # everything else must become a message
            from orquestra.cli.failures import Failure

            raise Failure.of(error) from error


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from orquestra.sdk.packaging import get_installed_version

    click.echo(f"Orquestra Workflow SDK, version {get_installed_version('orquestra-sdk')}")
    ctx.exit()


@click.group(cls=_Reporting, commands_by_name=_COMMANDS, context_settings=_CONTEXT)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.pass_context
def root(ctx: click.Context) -> None:
    """Workflows whose every task runs in the container image it needs."""
    from orquestra.cli import verbosity

    if os.environ.get("NO_COLOR"):  # click does not know it; rich does
        ctx.color = False
    verbosity.apply()
