"""The group `orq task`: what single tasks of a run returned and wrote.

Which task is meant is found by `invocations`, for all commands of the group.
"""

import click

from orquestra.cli.lazy import Command, LazyGroup

_COMMANDS = {
    "results": Command(
        target="orquestra.cli.task.results:results",
        help="Show or save what a task returned.",
        aliases=("outputs",),
    ),
    "logs": Command(
        target="orquestra.cli.task.logs:logs", help="Show or save what a task printed."
    ),
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def task() -> None:
    """Get results and logs of single tasks."""
