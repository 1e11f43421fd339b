"""One call of a task in this process: as often as its retry policy says."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from orquestra.sdk.configuration.config_names import IN_PROCESS_NAME
from orquestra.sdk.evaluation import ONE_VALUE, ResultProblem, dry_run_value, one_line
from orquestra.sdk.exceptions import OrquestraError, UserTaskFailedError
from orquestra.sdk.execution_context import CurrentRunIDs, running_task
from orquestra.sdk.in_process.capture import TaskOutput, kept_in
from orquestra.sdk.in_process.surroundings import variables_set
from orquestra.sdk.schema import ir
from orquestra.sdk.user_tracebacks import traceback_text, user_frames
from orquestra.sdk.values import SerializedValue

_OWN_FOLDER = str(Path(__file__).parent)


class Kept(NamedTuple):
    """What is kept of a result: all of it, and the artifacts that others need."""

    whole: SerializedValue
    artifacts: dict[ir.ArtifactNodeId, SerializedValue]


class TaskFailed(Exception):
    """A call has failed for good: `error` is the user's, the text says what went wrong."""

    def __init__(self, error: BaseException, problem: str, *, name: str) -> None:
        """`name` is that of the call."""
        super().__init__(problem)
        self.error = error
        self.name = name


@dataclass(frozen=True, kw_only=True)
class TaskCall:
    """A call: of an invocation, or of one element of a map.

    `name` is the id of the invocation, or of the element. `load` gives the function and
    `arguments` fresh arguments for each attempt; `keep` takes the result. `pause` waits so many
    seconds, and may raise to end the run.
    """

    task: ir.TaskDef
    name: str
    ids: CurrentRunIDs
    variables: Mapping[str, str] | None
    load: Callable[[], Callable[..., Any]]
    arguments: Callable[[], tuple[list[Any], dict[str, Any]]]
    keep: Callable[[Any], Kept]
    pause: Callable[[float], None]
    output: TaskOutput
    dry_run: bool


def perform(call: TaskCall) -> Kept:
    """Call the task; what is kept of its result.

    Raises:
        TaskFailed: it has raised an exception, and its retry policy allows no other attempt.
    """
    policy = call.task.retry_policy
    attempt = 0
    while True:
        attempt += 1
        try:
            return _attempt(call)
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
            # Ctrl-C and an exit are meant for the whole program, not for another attempt.
            may_repeat = policy is not None and isinstance(error, Exception)
            if policy is None or not may_repeat or attempt > policy.max_retries:
                fail(error, call, attempts=attempt)
            _print_traceback(error, call.output)
        call.pause(policy.pause(attempt))


def fail(error: BaseException, call: TaskCall, *, attempts: int = 1) -> NoReturn:
    """The error is the end of a call.

    Raises:
        TaskFailed: always.
    """
    _print_traceback(error, call.output)
    if isinstance(error, ResultProblem):
        cause, problem = error.__cause__, str(error)
        error = UserTaskFailedError(
            problem, call.ids.workflow_run_id, call.ids.task_invocation_id or ""
        )
        error.__cause__ = cause
    else:
        problem = str(error) if isinstance(error, OrquestraError) else one_line(error)
        error = error.with_traceback(user_frames(error.__traceback__, runtime=_OWN_FOLDER))
    tried = f" (tried {attempts} times)" if attempts > 1 else ""
    with contextlib.suppress(Exception):  # the class of the user may refuse notes
        error.add_note(
            f"In task '{call.task.fn_ref.function_name}', {call.name} of run "
            f"{call.ids.workflow_run_id}{tried}."
        )
    raise TaskFailed(error, f"{problem}{tried}", name=call.name) from None


def _attempt(call: TaskCall) -> Kept:
    with (
        variables_set(call.variables),
        running_task(call.ids, IN_PROCESS_NAME),
        kept_in(call.output),
    ):
        return call.keep(_result(call))


def _result(call: TaskCall) -> Any:
    if call.dry_run:
        return dry_run_value(call.task.output_metadata or ONE_VALUE)
    function = call.load()
    arguments, keywords = call.arguments()
    return function(*arguments, **keywords)


def _print_traceback(error: BaseException, output: TaskOutput) -> None:
    """Put the traceback into the logs of the task; Python shows it where it comes out of `run`.

    Of a result that cannot be used it is that of the reason, if there is one: the rest is ours.
    """
    shown = error.__cause__ if isinstance(error, ResultProblem) else error
    if shown is None:
        return
    with contextlib.suppress(Exception):  # the text of a user's exception may be any code
        output.add("stderr", traceback_text(shown, runtime=_OWN_FOLDER))
