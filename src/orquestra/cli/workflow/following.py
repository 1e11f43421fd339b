"""The lines of a run as they come: `orq wf logs --follow`."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from orquestra.sdk import WorkflowRun
    from orquestra.sdk.exceptions import OrquestraError
    from orquestra.sdk.logs import LogLine
    from orquestra.sdk.schema import ir


def follow(run: "WorkflowRun", kinds: Sequence[str], *, as_json: bool) -> None:
    """Print every line of these kinds, and go on until the run is over or Ctrl-C is pressed.

    As JSON, each line is an object on a line of its own.
    """
    from orquestra.cli.log_output import log_types

    show = _json_printer() if as_json else _text_printer(run.get_status_model().workflow_def)
    try:
        for line in run.follow_logs(*log_types(kinds), on_outage=tell_outage):
            show(line)
    except KeyboardInterrupt:
        click.echo(f"\nThe run {run.run_id} goes on; `orq wf stop {run.run_id}` ends it.", err=True)


def tell_outage(error: "OrquestraError | None") -> None:
    """Say that nothing is known of the run for now, or that its engine is back."""
    note = "the engine answers again." if error is None else f"{error} Trying again."
    click.echo(f"note: {note}", err=True)


def describe(line: "LogLine") -> dict[str, Any]:
    """The JSON object of a line."""
    from orquestra.cli.printing import as_json

    return {
        "kind": line.kind.value,
        "invocation_id": line.task_invocation_id,
        "node_id": line.node_id,
        "stream": "err" if line.is_error else "out",
        "at": as_json(line.at),
        "text": line.text,
    }


def _json_printer() -> "Callable[[LogLine], None]":
    from orquestra.cli.printing import print_json_line

    return lambda line: print_json_line(describe(line))


def _text_printer(definition: "ir.WorkflowDef") -> "Callable[[LogLine], None]":
    name = _namer(definition)

    def show(line: "LogLine") -> None:
        source = click.style(f"{name(line)} |", fg="cyan")
        click.echo(
            f"{source} {click.style(line.text, fg='yellow') if line.is_error else line.text}"
        )

    return show


def _namer(definition: "ir.WorkflowDef") -> "Callable[[LogLine], str]":
    """Gives what a line begins with: its task, by the shortest name that only one task has."""
    from orquestra.cli.workflow.functions import function_name

    names = {key: function_name(definition, key) for key in definition.task_invocations}
    counts = Counter(names.values())

    def name(line: "LogLine") -> str:
        invocation_id = line.task_invocation_id
        if invocation_id is None:
            return " ".join(filter(None, (line.kind.value.replace("_", " "), line.node_id)))
        function = names.get(invocation_id, "")
        return function if counts[function] == 1 else invocation_id

    return name
