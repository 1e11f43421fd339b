"""The group `orq wf`: commands on workflows and their runs, a module for each.

A command asks the SDK, makes one JSON-ready document of the answer (`describe`), and prints that
document as it is or as a table. What a script gets and what a person sees is thus the same.
"""

import click

from orquestra.cli.lazy import Command, LazyGroup


def _command(name: str, text: str, *, aliases: tuple[str, ...] = ()) -> Command:
    target = f"orquestra.cli.workflow.{name}:{name}"
    return Command(target=target, help=text, aliases=aliases)


_COMMANDS = {
    "submit": _command("submit", "Run a workflow of a Python module."),
    "list": Command(
        target="orquestra.cli.workflow.list:list_runs", help="List your workflow runs."
    ),
    "view": _command("view", "Show the state of a run and of its tasks."),
    "watch": _command("watch", "Show tasks and nodes of a run as they change."),
    "nodes": _command("nodes", "Show the nodes of a run: their images, times and tasks."),
    "timing": _command("timing", "Show where the time of a run went, and how to save some."),
    "graph": _command("graph", "Draw the graph of a workflow or of a run."),
    "results": _command("results", "Show or save what a run returned.", aliases=("outputs",)),
    "logs": _command("logs", "Show or save what the tasks of a run printed."),
    "stop": _command("stop", "Stop a run."),
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS)
def workflow() -> None:
    """Submit workflows, follow their runs, get results."""
