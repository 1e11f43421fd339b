"""Running the user's function: arguments in, kept values out, problems in words. Knows no Ray."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from orquestra.executor.exchange import Encoded, Exchange, SegmentWriter, decode, encode
from orquestra.executor.failures import MOST_TEXT
from orquestra.executor.process_state import ProcessState
from orquestra.executor.protocol import Argument, Call, Constant, Function, FunctionKey, Own
from orquestra.executor.run_modules import RunModules
from orquestra.sdk import functions
from orquestra.sdk.exceptions import InvalidTaskDefinitionError
from orquestra.sdk.functions import load_function
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from orquestra.sdk.values import SerializedValue, deserialize

DRY_RUN_OUTPUT = "dry_run task output"

_OWN_FILES = (str(Path(__file__).parent), functions.__file__)


class TaskProblem(Exception):
    """A task cannot go on; the text is its message. Its traceback has been printed."""


def not_stored(task_name: str, error: OSError) -> str:
    """The problem of a task whose result could not be written."""
    return (
        f"The result of task '{task_name}' cannot be stored: {error.strerror or error}. Make room "
        "on the disk that holds the engine's data folder, and run the workflow again."
    )


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What a worker knows of one run: its writer, and where the values lie that it made."""

    writer: SegmentWriter
    own: dict[ir.ArtifactNodeId, Location] = field(default_factory=dict)


class Evaluator:
    """Evaluates calls, one at a time. Functions are loaded once and kept until their run ends."""

    def __init__(self, folder: Path, worker_id: str) -> None:
        """`folder` is the exchange."""
        self._worker_id = worker_id
        self._exchange = Exchange(folder)
        self._modules = RunModules()
        self._functions: dict[FunctionKey, Function] = {}
        self._bodies: dict[FunctionKey, Callable[..., Any]] = {}
        self._runs: dict[WorkflowRunId, _Run] = {}
        self._state = ProcessState()
        self._run_id: WorkflowRunId | None = None
        """The run whose modules and process state are in place."""

    def learn(self, new: Mapping[FunctionKey, Function]) -> None:
        """Take functions that calls will name."""
        self._functions.update(new)

    def task_name(self, call: Call) -> str:
        """The name of a call's task, as a user knows it."""
        return self._functions[call.function].name

    def evaluate(self, call: Call) -> tuple[Location, ...]:
        """Call the function; where the values lie that are kept of its result.

        They can be read once `flush` has been called.

        Raises:
            TaskProblem: the task has failed, for whatever reason.
        """
        function = self._functions[call.function]
        run = self._run_of(call)
        try:
            # The result is the user's too: its elements and its pickling may be any code.
            return self._keep(call, run, self._result(call, function, run))
        except TaskProblem:
            raise
        except KeyboardInterrupt as error:
            _print_traceback(error)
            raise TaskProblem(_interrupted(function.name)) from None
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
            _print_traceback(error)
            raise TaskProblem(_one_line(error)) from None

    def flush(self) -> None:
        """Let others see all values that were kept. May be called from any thread."""
        for run in list(self._runs.values()):
            run.writer.flush()

    def lost(self, values: tuple[Location, ...]) -> OSError | None:
        """Why some of these values cannot be read although they were flushed, if that is so."""
        for location in values:
            run = self._runs.get(WorkflowRunId(location.file.rsplit(".", 2)[0]))
            error = run.writer.lost(location) if run else None
            if error is not None:
                return error
        return None

    def forget(self, run_id: WorkflowRunId) -> None:
        """A run is over: forget all of it."""
        run = self._runs.pop(run_id, None)
        if run:
            run.writer.close()
        for known in (self._functions, self._bodies):
            # A copy, since another thread may add functions meanwhile.
            for key in list(known):
                if key[0] == run_id:
                    del known[key]
        self._exchange.forget(run_id)
        self._modules.forget(run_id)
        if run_id == self._run_id:
            self._run_id = None

    def close(self) -> None:
        """Forget all runs, and leave the process as it was: another worker may get it."""
        for run_id in list(self._runs):
            self.forget(run_id)
        self._state.restore()
        self._state.go_home()

    def _run_of(self, call: Call) -> _Run:
        run_id, _ = call.function
        run = self._runs.get(run_id)
        if run is None:
            run = _Run(writer=self._exchange.writer(run_id, self._worker_id))
            self._runs[run_id] = run
        return run

    def _result(self, call: Call, function: Function, run: _Run) -> Any:
        if function.dry_run:
            return _dry_run_value(function.output)
        run_id, _ = call.function
        if run_id != self._run_id:
            self._enter(run_id, function)
        self._go_to(function)
        body = self._bodies.get(call.function) or self._load(call.function)
        arguments = [self._value(call, run, argument) for argument in call.arguments]
        keywords = {name: self._value(call, run, argument) for name, argument in call.keywords}
        return body(*arguments, **keywords)

    def _enter(self, run_id: WorkflowRunId, function: Function) -> None:
        self._state.restore()
        self._modules.switch(run_id)
        if function.working_directory is not None:
            sys.path.insert(0, function.working_directory)
        self._run_id = run_id

    def _go_to(self, function: Function) -> None:
        directory = function.working_directory
        if directory is None:
            self._state.go_home()
            return
        try:
            os.chdir(directory)
        except OSError as error:
            raise TaskProblem(
                f"Task '{function.name}' runs in the folder from which the workflow was "
                f"submitted, {directory}, and that cannot be entered: {error.strerror}. Bring it "
                "back, or submit the workflow again from another folder."
            ) from error

    def _load(self, key: FunctionKey) -> Callable[..., Any]:
        try:
            body = load_function(self._functions[key].reference)
        except InvalidTaskDefinitionError as error:
            _print_traceback(error)
            raise TaskProblem(str(error)) from error
        self._bodies[key] = body
        return body

    def _value(self, call: Call, run: _Run, argument: Argument) -> Any:
        if isinstance(argument, Constant):
            constant_format, data = argument
            return deserialize(SerializedValue(format=constant_format, data=data))
        try:
            return self._read(run, argument)
        except ModuleNotFoundError as error:
            raise TaskProblem(
                f"Task '{self.task_name(call)}' gets a value of module {error.name!r}, which its "
                f"image does not have. Use an image that has {error.name!r}, or add the package "
                "that brings it to the task's dependency_imports."
            ) from error

    def _read(self, run: _Run, argument: Location | Own) -> Any:
        if isinstance(argument, Location):
            return self._exchange.read(argument)
        location = run.own[argument.artifact_id]
        pending = run.writer.pending(location)
        if pending is None:
            return self._exchange.read(location)
        return decode(location.format, pending)

    def _keep(self, call: Call, run: _Run, result: Any) -> tuple[Location, ...]:
        function = self._functions[call.function]
        whole: Location | None = None
        locations = []
        for artifact_id, index in call.keeps:
            is_whole = index is None or function.output.n_outputs == 1
            location = whole if is_whole else None
            if location is None:
                encoded = _encode(function, _part(function, result, index))
                location = _write(function, run.writer, encoded)
            if is_whole:
                whole = location
            run.own[artifact_id] = location
            locations.append(location)
        return tuple(locations)


def _dry_run_value(output: ir.TaskOutputMetadata) -> Any:
    if not output.is_subscriptable:
        return DRY_RUN_OUTPUT
    return (DRY_RUN_OUTPUT,) * output.n_outputs


def _encode(function: Function, part: Any) -> Encoded:
    try:
        return encode(part)
    except Exception as error:
        _print_traceback(error)
        raise TaskProblem(
            f"The result of task '{function.name}' cannot be pickled: {_one_line(error)}. "
            "Return plain data, or objects that pickle, instead of open files, locks or handles."
        ) from error


def _write(function: Function, writer: SegmentWriter, encoded: Encoded) -> Location:
    try:
        return writer.write(encoded)
    except OSError as error:
        raise TaskProblem(not_stored(function.name, error)) from error


def _part(function: Function, value: Any, index: int | None) -> Any:
    """What an artifact stands for: all of a value, or one element of it.

    With a single output the element is the whole value, as in release 1.1. Elements beyond the
    declared outputs are dropped, as there.
    """
    if index is None or function.output.n_outputs == 1:
        return value
    try:
        return value[index]
    except (TypeError, LookupError):
        raise TaskProblem(
            f"Task '{function.name}' has {function.output.n_outputs} outputs, but it returned "
            f"{_count(value)}. Return as many values as it has outputs."
        ) from None


def _count(value: Any) -> str:
    try:
        return f"{len(value)} values ({type(value).__name__})"
    except Exception:  # noqa: BLE001 - the length of a user's object may be any code
        return f"one value ({type(value).__name__})"


def _interrupted(task_name: str) -> str:
    return (
        f"Task '{task_name}' was interrupted from within: something in it raised "
        "KeyboardInterrupt, as libraries for time limits do. Its logs may say what."
    )


def _one_line(error: BaseException) -> str:
    """The type and the first line of an exception, or the text of one of ours."""
    name = type(error).__name__
    try:
        text = next(iter(str(error).splitlines()), "")
    except BaseException:  # noqa: BLE001 - an exception's own text may be any code
        return f"{name} (its text cannot be made: its __str__ raises)"
    return f"{name}: {text}"[:MOST_TEXT] if text else name


def _print_traceback(error: BaseException) -> None:
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    # The exception may be one of the user's, and the disk with the logs may be full: the problem
    # is told all the same. Not through `sys.stderr`, which the task may have closed or replaced.
    with contextlib.suppress(Exception):
        frames = _user_frames(error.__traceback__)
        lines = traceback.format_exception(error.with_traceback(frames))
        with open(2, "w", encoding="utf-8", errors="replace", closefd=False) as stream:
            stream.writelines(lines)


def _user_frames(frames: TracebackType | None) -> TracebackType | None:
    """The frames of a traceback without ours at its beginning."""
    rest = frames
    while rest and rest.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
        rest = rest.tb_next
    return rest or frames
