"""Options that say which task is meant."""

from collections.abc import Callable

import click

from orquestra.cli.completion import values
from orquestra.cli.options import config_option

_OPTIONS = (
    click.option(
        "--wf-run-id",
        "run_id",
        metavar="RUN_ID",
        shell_complete=values.run_ids,
        help="The run that the task is part of.",
    ),
    click.option("--fn-name", "function_name", metavar="NAME", help="The function of the task."),
    click.option(
        "--task-inv-id",
        "invocation_id",
        metavar="ID",
        help="The call of the task, as `orq wf view` shows it; with .0, .1 and so on, an element "
        "of a map.",
    ),
    config_option,
)


def task_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add them to a command. What is left out is asked for by `find_invocation`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
