"""Whether an attempt that failed is followed by another.

The executor repeats tasks itself and tells Ray not to (`max_retries=0`): so each attempt has a
number, a node and times that the engine is told, which Ray's own repeats would hide.
"""

from collections import Counter
from collections.abc import Mapping

from orquestra.executor.dispatch import Completion, Reason
from orquestra.sdk.schema import ir

MOST_LOSSES = 3
"""Nodes that may be lost under one invocation. More than that is no accident."""


class Retries:
    """Counts what has happened to each invocation."""

    def __init__(self, definition: ir.WorkflowDef) -> None:
        self._crashes_allowed: Mapping[ir.TaskInvocationId, int] = {
            invocation.id: definition.tasks[invocation.task_id].max_retries or 0
            for invocation in definition.task_invocations.values()
        }
        self._crashes: Counter[ir.TaskInvocationId] = Counter()
        self._losses: Counter[ir.TaskInvocationId] = Counter()

    def runs_again(self, completion: Completion) -> bool:
        """Count a failed attempt. True: there is another."""
        assert completion.failure
        invocation_id = completion.attempt.invocation_id
        if completion.failure.reason is Reason.CRASH:
            self._crashes[invocation_id] += 1
            return self._crashes[invocation_id] <= self._crashes_allowed[invocation_id]
        if completion.failure.reason in (Reason.NODE_LOST, Reason.INPUT_LOST):
            self._losses[invocation_id] += 1
            return self._losses[invocation_id] <= MOST_LOSSES
        return False
