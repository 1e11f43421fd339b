"""How notebooks show runs, tasks, workflows and logs: small pieces of HTML.

Everything that comes from a user is escaped. What is long is cut; the objects have all of it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

from orquestra.sdk.schema import api, ir, workflow_run
from orquestra.sdk.schema.workflow_run import RunStatus, State

if TYPE_CHECKING:
    from orquestra.sdk.logs import LogOutput, WorkflowLogs

MOST_ROWS = 100
MOST_LINES = 1000

_COLOURS = {
    State.SUCCEEDED: "#2e7d32",
    State.RUNNING: "#1565c0",
    State.WAITING: "#757575",
    State.UNKNOWN: "#757575",
}
_ENDED_BADLY = "#c62828"
_CELL = 'style="text-align:left;padding:2px 12px 2px 0;vertical-align:top"'


def text_html(text: str) -> str:
    """A text as it is."""
    return f'<pre style="margin:0">{escape(text)}</pre>'


def run_html(run: workflow_run.WorkflowRun) -> str:
    """A run: its state, how far it is, its message, its tasks."""
    definition = run.workflow_def
    names = task_names(definition)
    states = [task.status.state for task in run.task_runs]
    head = (
        f"<div><b>{escape(definition.name)}</b> <code>{escape(run.id)}</code> "
        f"{_state(run.status.state)} {escape(_duration(run.status))}</div>"
    )
    bar = _bar(states.count(State.SUCCEEDED), len(states), state=run.status.state)
    message = text_html(run.message) if run.message else ""
    tasks = tasks_html([(task, names.get(task.invocation_id, "?")) for task in run.task_runs])
    return f"<div>{head}{bar}{message}{tasks}</div>"


def progress_html(run_id: str, progress: api.RunProgress) -> str:
    """How far a run is, in one line."""
    bar = _bar(progress.completed_tasks, progress.total_tasks, state=progress.state)
    message = text_html(progress.message) if progress.message else ""
    return f"<div><code>{escape(run_id)}</code> {_state(progress.state)}{bar}{message}</div>"


def tasks_html(tasks: Sequence[tuple[workflow_run.TaskRun, str]]) -> str:
    """Task runs with the names of their functions, as a table."""
    rows = [
        (
            escape(name),
            f"<code>{escape(task.invocation_id)}</code>",
            _state(task.status.state),
            escape(_duration(task.status)),
            escape(task.message or ""),
        )
        for task, name in tasks[:MOST_ROWS]
    ]
    return _table(("task", "invocation", "state", "time", "message"), rows, total=len(tasks))


def workflow_html(definition: ir.WorkflowDef) -> str:
    """A workflow: its name, and each task with its calls, image and resources."""
    calls = Counter(invocation.task_id for invocation in definition.task_invocations.values())
    first = {i.task_id: i for i in reversed(definition.task_invocations.values())}
    rows = [
        (
            escape(task.fn_ref.function_name),
            str(calls[task_id]),
            f"<code>{escape(_image(first[task_id].custom_image or task.custom_image))}</code>",
            escape(_resources(first[task_id].resources or task.resources)),
        )
        for task_id, task in definition.tasks.items()
        if task_id in first
    ]
    head = (
        f"<div><b>{escape(definition.name)}</b>: {len(definition.task_invocations)} calls of "
        f"{len(rows)} tasks, {len(definition.output_ids)} outputs</div>"
    )
    headings = ("task", "calls", "image", "resources")
    return f"<div>{head}{_table(headings, rows[:MOST_ROWS], total=len(rows))}</div>"


def logs_html(logs: "WorkflowLogs") -> str:
    """All logs of a run, each part to be opened."""
    parts: list[tuple[str, LogOutput]] = [
        *logs.per_task.items(),
        ("env_setup", logs.env_setup),
        ("system", logs.system),
        ("other", logs.other),
    ]
    shown = [
        f"<details><summary><code>{escape(name)}</code> ({len(output)} lines)</summary>"
        f"{output_html(output)}</details>"
        for name, output in parts
        if output
    ]
    return f"<div>{''.join(shown) or 'No logs'}</div>"


def output_html(output: "LogOutput") -> str:
    """Lines of standard output, then those of standard error."""
    return f"<div>{_lines(output.out)}{_lines(output.err, colour=_ENDED_BADLY)}</div>"


def task_names(definition: ir.WorkflowDef) -> dict[ir.TaskInvocationId, str]:
    """The name of each invocation's function."""
    return {
        invocation.id: definition.tasks[invocation.task_id].fn_ref.function_name
        for invocation in definition.task_invocations.values()
    }


def _lines(lines: Sequence[str], *, colour: str = "inherit") -> str:
    if not lines:
        return ""
    cut = f"... {len(lines) - MOST_LINES} lines before\n" if len(lines) > MOST_LINES else ""
    text = cut + "\n".join(line.rstrip("\n") for line in lines[-MOST_LINES:])
    return f'<pre style="margin:0;color:{colour}">{escape(text)}</pre>'


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, total: int) -> str:
    """A table; its cells are HTML already."""
    head = "".join(f"<th {_CELL}>{heading}</th>" for heading in headings)
    body = "".join(
        f"<tr>{''.join(f'<td {_CELL}>{cell}</td>' for cell in row)}</tr>" for row in rows
    )
    rest = f"<div>... and {total - MOST_ROWS} more</div>" if total > MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _bar(done: int, total: int, *, state: State) -> str:
    return (
        f'<div><progress value="{done}" max="{max(total, 1)}" '
        f'style="accent-color:{_colour(state)}"></progress> {done} of {total} tasks</div>'
    )


def _state(state: State) -> str:
    return f'<span style="color:{_colour(state)};font-weight:bold">{state.value}</span>'


def _colour(state: State) -> str:
    return _COLOURS.get(state, _ENDED_BADLY)


def _duration(status: RunStatus) -> str:
    if status.start_time is None:
        return ""
    seconds = ((status.end_time or datetime.now(UTC)) - status.start_time).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))  # noqa: PLR2004 - a minute


def _image(image: str | None) -> str:
    return "default" if image in {None, ir.DEFAULT_IMAGE, ir.DEFAULT_CUDA_IMAGE} else str(image)


def _resources(resources: ir.Resources | None) -> str:
    asked = resources.model_dump(exclude_none=True) if resources else {}
    return ", ".join(f"{name}={amount}" for name, amount in asked.items())
