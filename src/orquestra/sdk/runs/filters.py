"""Which runs and which of their tasks are meant."""

import re
from collections.abc import Sequence

from orquestra.sdk.runs.task_runs import TaskRun
from orquestra.sdk.schema.workflow_run import State


class TaskFilter:
    """Task runs by their names, each a regular expression for the whole of it; None for any.

    Raises:
        ValueError: a text is no regular expression.
    """

    def __init__(
        self,
        *,
        function_name: str | None,
        task_run_id: str | None,
        task_invocation_id: str | None,
    ) -> None:
        self._function_name = _pattern(function_name, option="function_name")
        self._run_id = _pattern(task_run_id, option="task_run_id")
        self._invocation_id = _pattern(task_invocation_id, option="task_invocation_id")

    def has(self, task_run: TaskRun) -> bool:
        """Whether a task run is one of those."""
        return bool(
            self._function_name.fullmatch(task_run.fn_name)
            and self._run_id.fullmatch(task_run.task_run_id)
            and self._invocation_id.fullmatch(task_run.task_invocation_id)
        )


def as_states(state: State | Sequence[State] | None) -> Sequence[State]:
    """One state, several or none, as a sequence."""
    if state is None:
        return ()
    return (state,) if isinstance(state, State) else state


def _pattern(text: str | None, *, option: str) -> re.Pattern[str]:
    try:
        return re.compile(".*" if text is None else text, re.DOTALL)
    except re.error as error:
        raise ValueError(
            f"{option}={text!r} is not a regular expression: {error}. Write .* for any text, and "
            "a backslash before a character that means itself."
        ) from error
