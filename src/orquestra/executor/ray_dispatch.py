"""Attempts as Ray tasks: one Ray task each, on the nodes of the invocation's pool."""

import functools
import logging
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import ray
from ray import exceptions as ray_errors

from orquestra.executor import failures
from orquestra.executor.autoscaling import NODE_LABEL, POOL_LABEL
from orquestra.executor.calls import Argument, Beginning, Call, LogPiece, Outcome, Upstream
from orquestra.executor.capacity import task_demand
from orquestra.executor.dispatch import Attempt, Completion, Failure, Reason, Value
from orquestra.executor.environments import runtime_env
from orquestra.executor.failures import TaskFacts
from orquestra.executor.graph import task_name
from orquestra.executor.reporter import AttemptKey
from orquestra.executor.worker import examine_node, run_attempt
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import RunPlan
from orquestra.sdk.values import SerializedValue

_THREADS = 8
_SMALL = 100 * 1024
"""Bytes up to which Ray gives a value directly to the driver instead of to an object store."""

_NO_OUTPUT = ir.TaskOutputMetadata(is_subscriptable=False, n_outputs=1)

_logger = logging.getLogger(__name__)


class Store(Protocol):
    """Where values are kept; the engine's client is one."""

    def put_artifact(self, artifact_id: ir.ArtifactNodeId, value: SerializedValue) -> None:
        """Keep a value."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Submitted:
    """An attempt that Ray has, and the references to what it will give."""

    attempt: Attempt
    outcome: Any
    values: tuple[Any, ...]


class RayDispatch:
    """The dispatch of a run, on the Ray cluster to which this process is connected.

    A few threads take what Ray tasks give: they store values, and find out why a task failed.
    """

    def __init__(self, plan: RunPlan, *, store: Store, reporter: Any) -> None:
        self._plan = plan
        self._definition = plan.definition
        self._store = store
        self._reporter = reporter
        self._sizes = {pool.id: pool.size for pool in plan.pools}
        self._remote = ray.remote(run_attempt)
        self._examine = ray.remote(examine_node)
        self._submitted: dict[AttemptKey, _Submitted] = {}
        self._completions: SimpleQueue[Completion | Exception] = SimpleQueue()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="completions")

    def submit(self, attempt: Attempt) -> None:
        """Start an attempt as soon as there is room. Exactly one completion will follow."""
        secret = self._secret(attempt.invocation_id)
        if secret:
            failure = failures.no_secrets(self._facts(attempt.invocation_id), secret=secret)
            self._completions.put(
                Completion(attempt=attempt, ended_at=datetime.now(UTC), failure=failure)
            )
            return
        task = self._task(attempt.invocation_id, returns=1 + len(attempt.keeps))
        references = task.remote(
            self._call(attempt),
            self._function(self._definition.task_invocations[attempt.invocation_id].task_id),
            self._reporter,
            *(value.handle for value in attempt.inputs.values()),
        )
        outcome, *values = references if isinstance(references, list) else [references]
        submitted = _Submitted(attempt=attempt, outcome=outcome, values=tuple(values))
        self._submitted[_key(attempt)] = submitted
        outcome.future().add_done_callback(functools.partial(self._on_done, submitted))

    def next_completion(self, timeout: timedelta) -> Completion | None:
        """Wait for an attempt to end, with its values stored.

        Raises:
            ExecutorError: the engine does not take a value.
        """
        try:
            completion = self._completions.get(timeout=timeout.total_seconds())
        except Empty:
            return None
        if isinstance(completion, Exception):
            raise completion
        self._submitted.pop(_key(completion.attempt), None)
        return completion

    def abort(self, error: Exception) -> None:
        """Let `next_completion` raise an error that another thread has met."""
        self._completions.put(error)

    def supply(self, value: SerializedValue) -> Value:
        """Put a value into the head's object store."""
        return Value(format=value.format, handle=ray.put(value.data))

    def call_off(self) -> None:
        """Let no further attempt begin, and cancel those that have not."""
        begun = ray.get(self._reporter.close.remote())
        for key, submitted in self._submitted.items():
            if key not in begun:
                ray.cancel(submitted.outcome, force=False)

    def _task(self, invocation_id: ir.TaskInvocationId, *, returns: int) -> Any:
        invocation = self._definition.task_invocations[invocation_id]
        pool_id = self._plan.pool_of_invocation[invocation_id]
        demand = task_demand(invocation.resources, self._sizes[pool_id])
        options = {
            "num_cpus": demand.cpu,
            "num_gpus": demand.gpu,
            "memory": demand.memory or None,
            "num_returns": returns,
            "max_retries": 0,
            "label_selector": {POOL_LABEL: pool_id},
            "name": task_name(self._definition, invocation_id),
            "runtime_env": runtime_env(invocation, self._definition) or None,
        }
        return self._remote.options(**options)

    @functools.cache  # noqa: B019 - there is one dispatch in a process
    def _function(self, task_id: ir.TaskDefId) -> Any:
        return ray.put(self._definition.tasks[task_id].fn_ref)

    def _secret(self, invocation_id: ir.TaskInvocationId) -> str | None:
        secrets = self._definition.secret_nodes
        for argument_id in self._definition.task_invocations[invocation_id].argument_ids():
            if argument_id in secrets:
                return secrets[ir.SecretNodeId(argument_id)].secret_name
        return None

    def _call(self, attempt: Attempt) -> Call:
        invocation = self._definition.task_invocations[attempt.invocation_id]
        argument = functools.partial(self._argument, attempt, list(attempt.inputs))
        nodes = self._definition.artifact_nodes
        return Call(
            invocation_id=attempt.invocation_id,
            attempt=attempt.number,
            task_name=task_name(self._definition, attempt.invocation_id),
            arguments=tuple(map(argument, invocation.args_ids)),
            keyword_arguments={
                name: argument(argument_id) for name, argument_id in invocation.kwargs_ids.items()
            },
            keeps=tuple(nodes[kept].artifact_index for kept in attempt.keeps),
            output=self._definition.tasks[invocation.task_id].output_metadata or _NO_OUTPUT,
            dry_run=self._plan.dry_run,
        )

    def _argument(
        self, attempt: Attempt, order: list[ir.ArtifactNodeId], argument_id: str
    ) -> Argument:
        artifact_id = ir.ArtifactNodeId(argument_id)
        if artifact_id in attempt.inputs:
            stored_format = attempt.inputs[artifact_id].format
            return Upstream(position=order.index(artifact_id), format=stored_format)
        return self._definition.constant_nodes[ir.ConstantNodeId(argument_id)]

    def _on_done(self, submitted: _Submitted, future: "Future[Outcome]") -> None:
        # Called on a thread of Ray's own, which must not be held up.
        self._threads.submit(self._complete, submitted, future)

    def _complete(self, submitted: _Submitted, future: "Future[Outcome]") -> None:
        try:
            self._completions.put(self._completion(submitted, future))
        except Exception as error:  # noqa: BLE001 - raised again by `next_completion`
            self._completions.put(error)

    def _completion(self, submitted: _Submitted, future: "Future[Outcome]") -> Completion:
        try:
            outcome = future.result()
            values = {} if outcome.problem or not outcome.begun else self._keep(submitted, outcome)
        except ray_errors.RayError as error:
            return self._failed(submitted.attempt, error)
        failure = None
        if not outcome.begun:
            failure = failures.called_off()
        elif outcome.problem:
            failure = Failure(reason=Reason.TASK, message=outcome.problem)
        return Completion(
            attempt=submitted.attempt,
            ended_at=outcome.ended_at,
            node_id=outcome.node_id,
            started_at=outcome.started_at,
            failure=failure,
            values=values,
        )

    def _keep(self, submitted: _Submitted, outcome: Outcome) -> Mapping[ir.ArtifactNodeId, Value]:
        values = {}
        for artifact_id, stored_format, handle in zip(
            submitted.attempt.keeps, outcome.formats, submitted.values, strict=True
        ):
            data = ray.get(handle)
            serialized = SerializedValue(format=stored_format, data=data)
            self._store.put_artifact(artifact_id, serialized)
            # A node that holds a value counts as busy, and takes the value with it when it goes:
            # the head holds the large ones. The small ones travel with the outcome anyway.
            held = ray.put(data) if len(data) >= _SMALL else handle
            values[artifact_id] = Value(format=stored_format, handle=held)
        return values

    def _failed(self, attempt: Attempt, error: Exception) -> Completion:
        beginning: Beginning | None = ray.get(self._reporter.beginning.remote(_key(attempt)))
        failure = self._explain(attempt, beginning, _cause(error))
        _logger.info("%s: %s", attempt.invocation_id, error)
        return Completion(
            attempt=attempt,
            ended_at=datetime.now(UTC),
            node_id=beginning.node_id if beginning else None,
            started_at=beginning.at if beginning else None,
            failure=failure,
        )

    def _explain(
        self, attempt: Attempt, beginning: Beginning | None, error: BaseException
    ) -> Failure:
        facts = self._facts(attempt.invocation_id)
        if isinstance(error, ray_errors.TaskCancelledError):
            # Ray says the same of a task in which a KeyboardInterrupt was raised.
            return failures.interrupted(facts) if beginning else failures.called_off()
        if isinstance(error, ray_errors.RuntimeEnvSetupError):
            return failures.environment(facts, ray_message=str(error))
        if isinstance(error, ray_errors.ObjectLostError):
            lost_own = beginning is not None
            return failures.node_lost(facts) if lost_own else failures.input_lost(facts)
        if isinstance(error, ray_errors.OutOfMemoryError | ray_errors.WorkerCrashedError):
            return self._explain_death(attempt, beginning, error)
        if isinstance(error, ray_errors.NodeDiedError | ray_errors.LocalRayletDiedError):
            return failures.node_lost(facts)
        return failures.unexpected(facts, ray_message=str(error))

    def _explain_death(
        self, attempt: Attempt, beginning: Beginning | None, error: BaseException
    ) -> Failure:
        facts = self._facts(attempt.invocation_id)
        if beginning is None:
            return failures.node_lost(facts)
        key = _key(attempt)
        examine = self._examine.options(
            num_cpus=0, max_retries=0, label_selector={NODE_LABEL: beginning.node_id}
        )
        try:
            ends = ray.get(self._reporter.log_ends.remote(key))
            memory, rest = ray.get(
                examine.remote(key, ends), timeout=failures.EXAMINATION.total_seconds()
            )
        except ray_errors.RayError:
            return failures.node_lost(facts)
        self._send_rest(beginning, rest)
        if isinstance(error, ray_errors.OutOfMemoryError):
            used, limit = failures.ray_memory(str(error)) or (memory.peak, memory.limit)
            return failures.out_of_memory(facts, used=used, limit=limit)
        return failures.crash(facts, memory=memory, oom_kills_before=beginning.oom_kills)

    def _send_rest(self, beginning: Beginning, rest: Mapping[Any, tuple[str, ...]]) -> None:
        for stream, lines in rest.items():
            if lines:
                piece = LogPiece(
                    invocation_id=beginning.invocation_id,
                    attempt=beginning.attempt,
                    node_id=beginning.node_id,
                    stream=stream,
                    lines=lines,
                    end=0,
                )
                ray.get(self._reporter.log.remote(piece))

    def _facts(self, invocation_id: ir.TaskInvocationId) -> TaskFacts:
        resources = self._definition.task_invocations[invocation_id].resources
        name = task_name(self._definition, invocation_id)
        return TaskFacts(name=name, memory=resources.memory if resources else None)


def _key(attempt: Attempt) -> AttemptKey:
    return attempt.invocation_id, attempt.number


def _cause(error: BaseException) -> BaseException:
    """What is behind Ray's wrapper of an error that was raised on another process."""
    wrapped = getattr(error, "cause", None)
    return wrapped if isinstance(wrapped, BaseException) else error
