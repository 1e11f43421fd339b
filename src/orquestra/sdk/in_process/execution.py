"""Executing one definition, task by task, in the thread that asks for it."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from orquestra.sdk import evaluation
from orquestra.sdk.code.functions import load_function
from orquestra.sdk.execution_context import CurrentRunIDs
from orquestra.sdk.in_process.arguments import Arguments, call_with
from orquestra.sdk.in_process.capture import capturing
from orquestra.sdk.in_process.local_modules import modules_at_hand
from orquestra.sdk.in_process.records import RunRecord, TaskRecord
from orquestra.sdk.in_process.result_cache import CachedResult, ResultCache, cache_key
from orquestra.sdk.in_process.task_calls import Kept, TaskCall, TaskFailed, fail, perform
from orquestra.sdk.invocation_order import in_order
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.values import SerializedValue, deserialize, serialize


def execute(record: RunRecord, *, cache: ResultCache) -> BaseException | None:
    """Execute a run to its end, and note it; the exception of a task that ended it, if one did.

    Raises whatever else goes wrong, such as a secret that cannot be read; that is noted too.
    """
    try:
        order = in_order(record.definition)
        secrets = _secrets(record.definition, dry_run=record.dry_run)
        with modules_at_hand(record.definition.source_files), capturing():
            return _Execution(record, secrets=secrets, cache=cache).run(order)
    except BaseException as error:
        record.finish(_state_after(error), evaluation.one_line(error))
        raise


def _state_after(error: BaseException) -> State:
    # Ctrl-C: the user has stopped the run.
    return State.TERMINATED if isinstance(error, KeyboardInterrupt) else State.FAILED


def _secrets(definition: ir.WorkflowDef, *, dry_run: bool) -> dict[str, str]:
    """The values of all secrets by node: a wrong one is told before any task has begun.

    In a dry run nobody gets them, so they are not read.
    """
    if not definition.secret_nodes:
        return {}
    if dry_run:
        return dict.fromkeys(definition.secret_nodes, evaluation.DRY_RUN_OUTPUT)
    from orquestra.sdk import secrets

    return {
        node.id: secrets.get(
            node.secret_name, config_name=node.secret_config, workspace_id=node.workspace_id
        )
        for node in definition.secret_nodes.values()
    }


class _Stopped(Exception):
    """Somebody has asked for the run to stop."""


class _Execution:
    """One run on its way."""

    def __init__(self, record: RunRecord, *, secrets: dict[str, str], cache: ResultCache) -> None:
        definition = record.definition
        self._record = record
        self._definition = definition
        self._cache = cache
        self._arguments = Arguments(definition, values=record.values, secrets=secrets)
        self._used = {*definition.leaves([*_arguments_of_all(definition), *definition.output_ids])}

    def run(self, order: list[ir.TaskInvocationId]) -> BaseException | None:
        """Call all tasks in order, up to one that fails."""
        try:
            for invocation_id in order:
                self._invoke(self._definition.task_invocations[invocation_id])
            self._record.outputs = tuple(map(self._arguments.stored, self._definition.output_ids))
        except _Stopped:
            self._record.finish(State.TERMINATED)
            return None
        except TaskFailed as failed:
            self._record.finish(_state_after(failed.error), str(failed))
            return failed.error
        self._record.finish(State.SUCCEEDED)
        return None

    def _invoke(self, invocation: ir.TaskInvocation) -> None:
        self._stop_if_asked()
        record = self._record.begin(invocation.id)
        try:
            kept = self._call_or_map(invocation, record)
        except TaskFailed as failed:
            self._record.fail(record, str(failed))
            name = self._definition.tasks[invocation.task_id].fn_ref.function_name
            message = evaluation.failure_message(
                str(failed), task_name=name, invocation_id=failed.name
            )
            raise TaskFailed(failed.error, message, name=failed.name) from None
        self._record.complete(record, kept.artifacts)

    def _call_or_map(self, invocation: ir.TaskInvocation, record: TaskRecord) -> Kept:
        call = self._call(invocation, record)
        if invocation.map_over is not None:
            return self._map(invocation, call, over=invocation.map_over)
        inputs = (
            part for of in invocation.argument_ids() for part in self._arguments.digestible(of)
        )
        return self._perform(invocation, call, inputs=inputs)

    def _call(self, invocation: ir.TaskInvocation, record: TaskRecord) -> TaskCall:
        task = self._definition.tasks[invocation.task_id]
        return TaskCall(
            task=task,
            name=invocation.id,
            ids=CurrentRunIDs(self._record.run_id, invocation.id, record.id),
            variables=invocation.env_vars,
            # Loaded anew: a task sees nothing of what another has done to the module's globals.
            load=lambda: load_function(task.fn_ref),
            arguments=lambda: call_with(invocation, lambda _key, of: self._arguments.read(of)),
            keep=functools.partial(self._keep, invocation),
            pause=self._pause,
            output=record.output,
            dry_run=self._record.dry_run,
        )

    def _perform(
        self, invocation: ir.TaskInvocation, call: TaskCall, *, inputs: Iterator[bytes]
    ) -> Kept:
        """Call the task, unless its result is known from an earlier call."""
        policy = call.task.cache
        if policy is None or call.dry_run:
            return perform(call)
        key = cache_key(policy, invocation, inputs=inputs)
        known = self._cache.find(key, policy)
        if known is not None:
            task = self._record.tasks[invocation.id]
            task.message = f"Reused the result of run {known.run_id}"
            return _given(call, lambda: deserialize(known.value))
        kept = perform(call)
        self._cache.remember(key, CachedResult.of(kept.whole, run_id=self._record.run_id))
        return kept

    def _map(self, invocation: ir.TaskInvocation, call: TaskCall, *, over: list[int | str]) -> Kept:
        """Call the task for each element, one after another; the list of what they returned."""
        name = call.task.fn_ref.function_name
        try:
            sequences = {key: self._arguments.read(_argument(invocation, key)) for key in over}
            length = evaluation.map_length(sequences, task_name=name, dry_run=call.dry_run)
        except Exception as error:  # noqa: BLE001 - reading a value runs the user's code
            fail(error, call)
        self._record.open_map(length)
        keep = functools.partial(_whole, task_name=name)
        shared = replace(call, load=functools.cache(call.load), keep=keep)
        made = [self._element(invocation, shared, sequences, index) for index in range(length)]
        return _given(call, lambda: [deserialize(whole) for whole in made])

    def _element(
        self, invocation: ir.TaskInvocation, call: TaskCall, sequences: dict[int | str, Any], k: int
    ) -> SerializedValue:
        self._stop_if_asked()
        items = {key: serialize(evaluation.map_element(s, k)) for key, s in sequences.items()}

        def argument(key: int | str, of: str) -> Any:
            return deserialize(items[key]) if key in items else self._arguments.read(of)

        element = replace(
            call,
            name=ir.element_id(call.name, k),
            ids=evaluation.element_ids(call.ids, k),
            arguments=lambda: call_with(invocation, argument),
        )
        inputs = self._element_inputs(invocation, items)
        try:
            whole = self._perform(invocation, element, inputs=inputs).whole
        except TaskFailed as failed:
            name = call.task.fn_ref.function_name
            problem = f"Element {k} of task '{name}' failed: {failed}"
            raise TaskFailed(failed.error, problem, name=failed.name) from None
        self._record.complete_element()
        return whole

    def _element_inputs(
        self, invocation: ir.TaskInvocation, items: dict[int | str, SerializedValue]
    ) -> Iterator[bytes]:
        keys = [*range(len(invocation.args_ids)), *invocation.kwargs_ids]
        for key, argument_id in zip(keys, invocation.argument_ids(), strict=True):
            item = items.get(key)
            if item is None:
                yield from self._arguments.digestible(argument_id)
            else:
                yield from self._arguments.digestible_value(item)

    def _keep(self, invocation: ir.TaskInvocation, result: Any) -> Kept:
        task = self._definition.tasks[invocation.task_id]
        name = task.fn_ref.function_name
        output = task.output_metadata or evaluation.ONE_VALUE
        whole = _serialized(result, task_name=name)
        artifacts = {}
        for artifact_id in invocation.output_ids:
            index = self._definition.artifact_nodes[artifact_id].artifact_index
            if index is None:
                artifacts[artifact_id] = whole
            elif artifact_id in self._used:
                part = evaluation.part(result, index, output=output, task_name=name)
                artifacts[artifact_id] = _serialized(part, task_name=name)
        return Kept(whole, artifacts)

    def _pause(self, seconds: float) -> None:
        self._stop_if_asked(within=timedelta(seconds=seconds))

    def _stop_if_asked(self, *, within: timedelta = timedelta()) -> None:
        if self._record.is_to_stop(within=within):
            raise _Stopped


def _arguments_of_all(definition: ir.WorkflowDef) -> Iterator[str]:
    for invocation in definition.task_invocations.values():
        yield from invocation.argument_ids()


def _argument(invocation: ir.TaskInvocation, key: int | str) -> str:
    return invocation.args_ids[key] if isinstance(key, int) else invocation.kwargs_ids[key]


def _given(call: TaskCall, make: Callable[[], Any]) -> Kept:
    """What is kept of a result that needs no call any more."""
    return perform(replace(call, dry_run=False, load=lambda: make, arguments=lambda: ([], {})))


def _whole(result: Any, *, task_name: str) -> Kept:
    return Kept(_serialized(result, task_name=task_name), {})


def _serialized(value: Any, *, task_name: str) -> SerializedValue:
    try:
        return serialize(value)
    except Exception as error:  # what a user's object raises when pickled can be anything
        problem = evaluation.cannot_be_pickled(task_name, error)
        raise evaluation.ResultProblem(problem) from error
