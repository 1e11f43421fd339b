"""The executor: walks the graph of one run to its end."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from orquestra.executor.admission import Admission
from orquestra.executor.dispatch import Attempt, Completion, Dispatch, Reason, Value
from orquestra.executor.graph import Walk, read_graph, task_name
from orquestra.executor.retries import MOST_LOSSES, Retries
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    Event,
    RunFinished,
    RunPlan,
    RunStarted,
    TaskEnded,
)
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.values import SerializedValue

_WAIT = timedelta(seconds=10)

_logger = logging.getLogger(__name__)


class Artifacts(Protocol):
    """Where values are kept; the engine's client is one."""

    def get_artifact(self, artifact_id: ir.ArtifactNodeId) -> SerializedValue:
        """Fetch a value."""
        ...


class Events(Protocol):
    """Where events go; an outbox is one."""

    def add(self, *events: Event) -> None:
        """Take events."""
        ...


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an executor works with."""

    dispatch: Dispatch
    artifacts: Artifacts
    events: Events


class Executor:
    """Walks one graph. After the first failure nothing more begins, and what runs may end."""

    def __init__(self, plan: RunPlan, surroundings: Surroundings) -> None:
        """Begin where `plan.stored` says that an earlier executor stopped.

        Raises:
            BadGraph: the definition cannot be walked.
        """
        self._definition = plan.definition
        self._dispatch = surroundings.dispatch
        self._artifacts = surroundings.artifacts
        self._events = surroundings.events
        self._steps = read_graph(plan.definition)
        self._walk = Walk(self._steps, stored=plan.stored)
        self._admission = Admission(plan)
        self._retries = Retries(plan.definition)
        self._attempts = Counter(plan.attempts_made)
        self._values: dict[ir.ArtifactNodeId, Value] = {}
        self._running = 0
        self._problem: str | None = None

    def run(self) -> RunFinished:
        """Walk to the end; how the run has ended. The caller posts it, after all else."""
        self._events.add(RunStarted(at=_now()))
        self._report_stored()
        self._admission.add(self._walk)
        self._admit()
        while self._running:
            completion = self._dispatch.next_completion(_WAIT)
            if completion:
                self._take(completion)
                self._admit()
        if self._problem is None and not self._walk.is_finished():
            self._problem = "Some tasks ended without a result and without a reason."
        state = State.FAILED if self._problem else State.SUCCEEDED
        return RunFinished(at=_now(), state=state, message=self._problem)

    def _admit(self) -> None:
        if self._problem:
            return
        for invocation_id in self._admission.admit():
            self._attempts[invocation_id] += 1
            attempt = Attempt(
                invocation_id=invocation_id,
                number=self._attempts[invocation_id],
                keeps=self._steps[invocation_id].keeps,
                inputs=self._inputs(invocation_id),
            )
            self._running += 1
            self._dispatch.submit(attempt)

    def _inputs(self, invocation_id: ir.TaskInvocationId) -> Mapping[ir.ArtifactNodeId, Value]:
        needs = self._steps[invocation_id].needs
        for artifact_id in needs - self._values.keys():
            # Made before this head was started, or lost with a node.
            stored = self._artifacts.get_artifact(artifact_id)
            self._values[artifact_id] = self._dispatch.supply(stored)
        return {artifact_id: self._values[artifact_id] for artifact_id in needs}

    def _take(self, completion: Completion) -> None:
        self._running -= 1
        self._admission.release(completion.attempt.invocation_id)
        if completion.failure is None:
            self._take_success(completion)
        elif completion.failure.reason is not Reason.NOT_BEGUN:
            self._take_failure(completion)

    def _take_success(self, completion: Completion) -> None:
        self._report(completion, final=True)
        self._values.update(completion.values)
        # A node that holds a value counts as busy, so values go as soon as they can.
        for artifact_id in self._walk.complete(completion.attempt.invocation_id):
            self._values.pop(artifact_id, None)
        self._admission.add(self._walk)

    def _take_failure(self, completion: Completion) -> None:
        invocation_id = completion.attempt.invocation_id
        again = self._retries.runs_again(completion) and self._problem is None
        self._report(completion, final=not again)
        if again:
            self._forget_lost(completion)
            self._admission.add_first(invocation_id)
        elif self._problem is None:
            self._problem = self._run_message(completion)
            self._dispatch.call_off()

    def _forget_lost(self, completion: Completion) -> None:
        assert completion.failure
        if completion.failure.reason is Reason.INPUT_LOST:
            for artifact_id in completion.attempt.inputs:
                self._values.pop(artifact_id, None)

    def _report_stored(self) -> None:
        """Repeat the ends of tasks whose results are stored.

        A lost head may have stored a result without having told of the task's end.
        """
        for invocation_id in self._walk.done:
            self._events.add(
                TaskEnded(
                    at=_now(),
                    invocation_id=invocation_id,
                    attempt=max(1, self._attempts[invocation_id]),
                    state=State.SUCCEEDED,
                    final=True,
                )
            )

    def _report(self, completion: Completion, *, final: bool) -> None:
        failure = completion.failure
        event = TaskEnded(
            at=completion.ended_at,
            invocation_id=completion.attempt.invocation_id,
            attempt=completion.attempt.number,
            state=State.FAILED if failure else State.SUCCEEDED,
            final=final,
            node_id=completion.node_id,
            started_at=completion.started_at,
            message=_message(completion) if failure else None,
        )
        _logger.info("%s %s attempt %s", event.state.value, event.invocation_id, event.attempt)
        self._events.add(event)

    def _run_message(self, completion: Completion) -> str:
        invocation_id = completion.attempt.invocation_id
        name = task_name(self._definition, invocation_id)
        message = _message(completion)
        says_who = f"'{name}'" in message
        what = message if says_who else f"Task '{name}' failed: {message}"
        return f"{what} ({invocation_id})"


def _message(completion: Completion) -> str:
    assert completion.failure
    # Text of a user's exception may hold what no UTF-8 can: halves of surrogate pairs.
    message = completion.failure.message.encode(errors="replace").decode()
    if completion.failure.reason in (Reason.NODE_LOST, Reason.INPUT_LOST):
        return f"{message} It is tried again {MOST_LOSSES} times at most."
    return message


def _now() -> datetime:
    return datetime.now(UTC)
