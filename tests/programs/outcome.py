"""What has become of a run, as far as it must be the same on all runtimes."""

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

from orquestra import sdk
from orquestra.sdk.exceptions import TaskRunLogsNotFound, UnsupportedRuntimeFeature


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run has ended.

    `tasks` are function, invocation and state of each task, in order; `returned` and `written` are
    by invocation. Of tracebacks only the lines that name exceptions count: the files of the user
    are not on every machine.
    """

    state: sdk.State
    message: str | None
    results: tuple | None
    tasks: list[tuple[str, str, sdk.State]]
    returned: dict[str, Any]
    written: dict[str, tuple[list[str], list[str]]]

    @classmethod
    def of(cls, run: sdk.WorkflowRun) -> "Outcome":
        """The outcome of a run that is over."""
        end = run.get_status_model()
        states = {task.invocation_id: task.status.state for task in end.task_runs}
        tasks = run.get_tasks()
        return cls(
            state=end.status.state,
            message=end.message,
            results=_results(run) if end.status.state is sdk.State.SUCCEEDED else None,
            tasks=[(t.fn_name, t.task_invocation_id, states[t.task_invocation_id]) for t in tasks],
            returned={key: _comparable(value) for key, value in run.get_artifacts().items()},
            written={t.task_invocation_id: _written(t) for t in tasks},
        )


def differences(found: Mapping[str, Outcome], expected: Mapping[str, Outcome]) -> list[str]:
    """Where outcomes are not as expected, a line for each."""
    return [
        f"{name}: {field} is {of[field]!r} instead of {wanted[field]!r}"
        for name, of, wanted in ((n, vars(found[n]), vars(expected[n])) for n in expected)
        for field in wanted
        if of[field] != wanted[field]
    ]


def run_in_process(definition: sdk.WorkflowDef, *, dry_run: bool = False) -> sdk.WorkflowRun:
    """Run a workflow in process; the run, also where a task has failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsupportedRuntimeFeature)  # of timeouts
        try:
            return definition.run("in_process", dry_run=dry_run)
        except BaseException:  # noqa: BLE001 - what a task raises, an exit included
            return sdk.list_workflow_runs("in_process", limit=1)[0]


def _results(run: sdk.WorkflowRun) -> tuple:
    found = run.get_results()
    is_one = len(run.get_results_serialized()) == 1
    return tuple(map(_comparable, (found,) if is_one else found))


def _comparable(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(map(_comparable, value))
    # Functions, and objects of a class that the workflow makes, are others in each definition.
    if callable(value):
        return type(value).__name__
    return repr(value) if type(value).__module__ == "numpy" else value


def _written(task: sdk.TaskRun) -> tuple[list[str], list[str]]:
    try:
        logs = task.get_logs()
    except TaskRunLogsNotFound:
        return [], []
    return logs.out, [line for line in logs.err if not line.startswith(" ")]
