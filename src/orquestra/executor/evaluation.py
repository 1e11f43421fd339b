"""Running the user's function: arguments in, kept values out, problems in words. Knows no Ray."""

import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from orquestra.executor.calls import Argument, Call, Upstream
from orquestra.sdk import functions
from orquestra.sdk.exceptions import InvalidTaskDefinitionError
from orquestra.sdk.functions import load_function
from orquestra.sdk.schema import ir
from orquestra.sdk.values import SerializedValue, deserialize, from_wire, serialize

DRY_RUN_OUTPUT = "dry_run task output"

_OWN_FILES = (str(Path(__file__).parent), functions.__file__)


class TaskProblem(Exception):
    """A task cannot go on; the text is its message. Its traceback has been printed."""


def evaluate(
    call: Call, function: ir.FunctionRef, inputs: Sequence[bytes]
) -> list[SerializedValue]:
    """Call the function, and give what is kept of its value.

    Raises:
        TaskProblem: the task has failed, for whatever reason.
    """
    if call.dry_run:
        return _keep(call, _dry_run_value(call.output))
    try:
        body = _load(function)
        arguments = [_decode(call, argument, inputs) for argument in call.arguments]
        keywords = {
            name: _decode(call, argument, inputs)
            for name, argument in call.keyword_arguments.items()
        }
        value = body(*arguments, **keywords)
    except (TaskProblem, KeyboardInterrupt):  # the latter is Ray's way to cancel a task
        raise
    except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
        _print_traceback(error)
        raise TaskProblem(_one_line(error)) from None
    return _keep(call, value)


def _load(function: ir.FunctionRef) -> Callable[..., Any]:
    try:
        return load_function(function)
    except InvalidTaskDefinitionError as error:
        _print_traceback(error)
        raise TaskProblem(str(error)) from error


def _dry_run_value(output: ir.TaskOutputMetadata) -> Any:
    if not output.is_subscriptable:
        return DRY_RUN_OUTPUT
    return (DRY_RUN_OUTPUT,) * output.n_outputs


def _decode(call: Call, argument: Argument, inputs: Sequence[bytes]) -> Any:
    if not isinstance(argument, Upstream):
        return deserialize(from_wire(argument))
    serialized = SerializedValue(format=argument.format, data=inputs[argument.position])
    try:
        return deserialize(serialized)
    except ModuleNotFoundError as error:
        raise TaskProblem(
            f"Task '{call.task_name}' gets a value of module {error.name!r}, which its image does "
            f"not have. Use an image that has {error.name!r}, or add the package that brings it "
            "to the task's dependency_imports."
        ) from error


def _keep(call: Call, value: Any) -> list[SerializedValue]:
    try:
        return [serialize(_part(call, value, index)) for index in call.keeps]
    except TaskProblem:
        raise
    except Exception as error:
        _print_traceback(error)
        raise TaskProblem(
            f"The result of task '{call.task_name}' cannot be pickled: {_one_line(error)}. "
            "Return plain data, or objects that pickle, instead of open files, locks or handles."
        ) from error


def _part(call: Call, value: Any, index: int | None) -> Any:
    """What an artifact stands for: all of a value, or one element of it.

    With a single output the element is the whole value, as in release 1.1. Elements beyond the
    declared outputs are dropped, as there.
    """
    if index is None or call.output.n_outputs == 1:
        return value
    try:
        return value[index]
    except (TypeError, LookupError):
        raise TaskProblem(
            f"Task '{call.task_name}' has {call.output.n_outputs} outputs, but it returned "
            f"{_count(value)}. Return as many values as it has outputs."
        ) from None


def _count(value: Any) -> str:
    try:
        return f"{len(value)} values ({type(value).__name__})"
    except TypeError:
        return f"one value ({type(value).__name__})"


def _one_line(error: BaseException) -> str:
    """The type and the first line of an exception, or the text of one of ours."""
    text = next(iter(str(error).splitlines()), "")
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _print_traceback(error: BaseException) -> None:
    traceback.print_exception(error.with_traceback(_user_frames(error.__traceback__)))
    sys.stderr.flush()


def _user_frames(frames: TracebackType | None) -> TracebackType | None:
    """The frames of a traceback without ours at its beginning."""
    rest = frames
    while rest and rest.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
        rest = rest.tb_next
    return rest or frames
