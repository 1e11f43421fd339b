"""Running the user's function: arguments in, kept values out, problems in words. Knows no Ray."""

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from orquestra.executor.digests import digest_of_value
from orquestra.executor.exchange import Encoded, Exchange, SegmentWriter, encode
from orquestra.executor.failures import MOST_TEXT
from orquestra.executor.inputs import Inputs, RunValues, named
from orquestra.executor.process_state import ProcessState
from orquestra.executor.protocol import (
    Argument,
    Bundle,
    Call,
    Counted,
    Function,
    FunctionKey,
    Gathered,
    RunVariables,
)
from orquestra.executor.run_modules import RunModules
from orquestra.executor.secret_access import RunSecrets, SecretProblem
from orquestra.executor.sources import SourceFolders
from orquestra.executor.task_context import secret_access
from orquestra.executor.token_files import TokenFiles
from orquestra.sdk import evaluation
from orquestra.sdk.code.functions import load_function
from orquestra.sdk.exceptions import InvalidTaskDefinitionError
from orquestra.sdk.execution_context import CurrentRunIDs, running_task
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from orquestra.sdk.user_tracebacks import traceback_text

_CONFIG_NAME = "ray"
"""What tasks are told to run on, as by release 1.1."""

_ResultT = TypeVar("_ResultT")

_OWN_FOLDER = str(Path(__file__).parent)


class TaskProblem(Exception):
    """A task cannot go on; the text is its message. Its traceback has been printed.

    After an exit the task does not `may_repeat`.
    """

    def __init__(self, message: str, *, may_repeat: bool = True) -> None:
        super().__init__(message)
        self.may_repeat = may_repeat


def not_stored(task_name: str, error: OSError) -> str:
    """The problem of a task whose result could not be written."""
    return (
        f"The result of task '{task_name}' cannot be stored: {error.strerror or error}. Make room "
        "on the disk that holds the engine's data folder, and run the workflow again."
    )


class Evaluator:
    """Evaluates calls, one at a time. Functions are loaded once and kept until their run ends."""

    def __init__(self, folder: Path, worker_id: str) -> None:
        """`folder` is the exchange."""
        self._worker_id = worker_id
        self._exchange = Exchange(folder)
        self._inputs = Inputs(self._exchange)
        self._modules = RunModules()
        self._functions: dict[FunctionKey, Function] = {}
        self._bodies: dict[FunctionKey, Callable[..., Any]] = {}
        self._runs: dict[WorkflowRunId, RunValues] = {}
        self._sources = SourceFolders()
        self._tokens = TokenFiles()
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
        # The result is the user's too: its elements and its pickling may be any code.
        return self._explained(call, lambda run: self._keep(call, run, self._result(call, run)))

    def count(self, call: Call) -> Counted:
        """How many elements the sequences have that a call of the work *count* names.

        Raises:
            TaskProblem: they are not equally long, or no sequences.
        """
        return self._explained(call, lambda run: self._counted(call, run))

    def _explained(self, call: Call, act: Callable[[RunValues], _ResultT]) -> _ResultT:
        function = self._functions[call.function]
        try:
            return act(self._run_of(call))
        except TaskProblem:
            raise
        except KeyboardInterrupt as error:
            _print_traceback(error)
            raise TaskProblem(_interrupted(function.name), may_repeat=False) from None
        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
            _print_traceback(error)
            # Who exits wants to end, not to be called again.
            raise TaskProblem(_one_line(error), may_repeat=isinstance(error, Exception)) from None

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
        self._sources.close(run_id)
        self._tokens.close(run_id)
        if run_id == self._run_id:
            self._run_id = None

    def close(self) -> None:
        """Forget all runs, and leave the process as it was: another worker may get it."""
        for run_id in list(self._runs):
            self.forget(run_id)
        self._sources.remove()
        self._tokens.remove()
        self._state.restore()
        self._state.go_home()

    def _run_of(self, call: Call) -> RunValues:
        run_id, _ = call.function
        run = self._runs.get(run_id)
        if run is None:
            told = self._functions[call.function].run_variables
            run = RunValues(
                writer=self._exchange.writer(run_id, self._worker_id),
                secrets=RunSecrets(secret_access(told) if told else None),
            )
            self._runs[run_id] = run
        return run

    def _result(self, call: Call, run: RunValues) -> Any:
        function = self._functions[call.function]
        if call.work == "gather":
            self._enter(call, run)
            return self._value(call, run, call.arguments[0])
        if function.dry_run:
            return evaluation.dry_run_value(function.output)
        self._enter(call, run)
        body = self._bodies.get(call.function) or self._load(call.function)
        run.sequences.expect((*call.arguments, *(argument for _, argument in call.keywords)))
        arguments = [self._value(call, run, argument) for argument in call.arguments]
        keywords = {name: self._value(call, run, argument) for name, argument in call.keywords}
        with running_task(_ids(call), _CONFIG_NAME):
            return body(*arguments, **keywords)

    def _counted(self, call: Call, run: RunValues) -> Counted:
        function = self._functions[call.function]
        self._enter(call, run)
        sequences = {
            name: self._value(call, run, argument, read=self._inputs.countable)
            for name, argument in call.keywords
        }
        try:
            length = evaluation.map_length(
                named(sequences), task_name=function.name, dry_run=function.dry_run
            )
        except evaluation.ResultProblem as problem:
            raise TaskProblem(str(problem)) from None
        if function.modules is None:
            return Counted(length, {})
        digests = {
            place: _element_digests(sequences[place], length, modules=function.modules)
            for place, argument in call.keywords
            if not isinstance(argument, Gathered | Bundle)  # each element is a value of its own
        }
        return Counted(length, {place: found for place, found in digests.items() if found})

    def _enter(self, call: Call, run: RunValues) -> None:
        """Bring the process into the state in which the functions of a run are evaluated."""
        function = self._functions[call.function]
        run_id, _ = call.function
        if run_id != self._run_id:
            self._state.restore()
            self._modules.switch(run_id)
            self._run_id = None
            if function.working_directory is not None:
                sys.path.insert(0, function.working_directory)
            if function.sources is not None:
                sys.path.insert(0, self._source_folder(call, run))
            if function.run_variables is not None:
                self._tell(function, function.run_variables, run_id)
            self._run_id = run_id
        elif function.run_variables is not None:
            self._tell_token(function, function.run_variables, run_id)
        self._go_to(function)

    def _tell(self, function: Function, told: RunVariables, run_id: WorkflowRunId) -> None:
        """Set the variables of a run, over those that its tasks name: they say what is the case.

        They stay as long as calls of this run follow each other.
        """
        os.environ.update(told.variables)
        self._tell_token(function, told, run_id)

    def _tell_token(self, function: Function, told: RunVariables, run_id: WorkflowRunId) -> None:
        """Let the file of a token be there, although the call before may have removed it."""
        try:
            path = self._tokens.open(run_id, told.token)
        except OSError as error:
            raise TaskProblem(
                f"The token by which task '{function.name}' reads secrets cannot be put where it "
                f"runs: {error}. Make room on that machine's disk, or submit the workflow again."
            ) from error
        os.environ[told.token_variable] = str(path)

    def _source_folder(self, call: Call, run: RunValues) -> str:
        function = self._functions[call.function]
        run_id, _ = call.function
        folder = self._sources.find(run_id)
        if folder is None:
            assert function.sources is not None
            try:
                folder = self._sources.open(run_id, self._inputs.read(function.sources, run))
            except (OSError, ValueError) as error:
                raise TaskProblem(
                    f"The local modules that task '{function.name}' imports cannot be put where "
                    f"it runs: {error}. Make room on that machine's disk, or submit the workflow "
                    "again."
                ) from error
        return str(folder)

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

    def _value(
        self,
        call: Call,
        run: RunValues,
        argument: Argument,
        *,
        read: Callable[[Argument, RunValues], Any] | None = None,
    ) -> Any:
        try:
            return (read or self._inputs.read)(argument, run)
        except SecretProblem as problem:
            raise TaskProblem(f"Task '{self.task_name(call)}' takes a secret. {problem}") from None
        except ModuleNotFoundError as error:
            raise TaskProblem(
                f"Task '{self.task_name(call)}' gets a value of module {error.name!r}, which its "
                f"image does not have. Use an image that has {error.name!r}, or add the package "
                "that brings it to the task's dependency_imports."
            ) from error

    def _keep(self, call: Call, run: RunValues, result: Any) -> tuple[Location, ...]:
        function = self._functions[call.function]
        whole: Location | None = None
        locations = []
        for artifact_id, index in call.keeps:
            part = _part(function, result, index)
            is_whole = part is result
            location = whole if is_whole else None
            if location is None:
                location = _write(function, run.writer, _encode(function, part))
            if is_whole:
                whole = location
            run.own[artifact_id] = location
            locations.append(location)
        return tuple(locations)


def _ids(call: Call) -> CurrentRunIDs:
    run_id, _ = call.function
    invocation_id, element = ir.split_element_id(call.invocation_id)
    ids = CurrentRunIDs(run_id, invocation_id, f"{run_id}@{invocation_id}")
    return ids if element is None else evaluation.element_ids(ids, element)


def _element_digests(sequence: Any, length: int, *, modules: str) -> list[bytes]:
    """Digests of the elements of a sequence; none if some cannot be told."""
    elements = (evaluation.map_element(sequence, at) for at in range(length))
    try:
        return [digest_of_value(encode(each), modules=modules) for each in elements]
    except Exception:  # noqa: BLE001 - an element's pickling may be any code
        return []


def _encode(function: Function, part: Any) -> Encoded:
    try:
        return encode(part)
    except Exception as error:
        _print_traceback(error)
        raise TaskProblem(evaluation.cannot_be_pickled(function.name, error)) from error


def _write(function: Function, writer: SegmentWriter, encoded: Encoded) -> Location:
    try:
        return writer.write(encoded)
    except OSError as error:
        raise TaskProblem(not_stored(function.name, error)) from error


def _part(function: Function, value: Any, index: int | None) -> Any:
    try:
        return evaluation.part(value, index, output=function.output, task_name=function.name)
    except evaluation.ResultProblem as problem:
        raise TaskProblem(str(problem)) from None


def _interrupted(task_name: str) -> str:
    return (
        f"Task '{task_name}' was interrupted from within: something in it raised "
        "KeyboardInterrupt, as libraries for time limits do. Its logs may say what."
    )


def _one_line(error: BaseException) -> str:
    return evaluation.one_line(error)[:MOST_TEXT]


def _print_traceback(error: BaseException) -> None:
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    # The exception may be one of the user's, and the disk with the logs may be full: the problem
    # is told all the same. Not through `sys.stderr`, which the task may have closed or replaced.
    with contextlib.suppress(Exception):
        text = traceback_text(error, runtime=_OWN_FOLDER)
        with open(2, "w", encoding="utf-8", errors="replace", closefd=False) as stream:
            stream.write(text)
