"""Whether an attempt that failed is followed by another.

A task fails once: trying what raised an exception again is pointless. A process that died is tried
again as often as the task's `max_retries` says, a lost node `MOST_LOSSES` times.
"""

from collections import Counter

from orquestra.executor.failures import MOST_LOSSES, Reason
from orquestra.sdk.schema import ir


class Retries:
    """Counts what has happened to each invocation."""

    def __init__(self, definition: ir.WorkflowDef) -> None:
        self._definition = definition
        self._crashes: Counter[ir.TaskInvocationId] = Counter()
        self._losses: Counter[ir.TaskInvocationId] = Counter()

    def runs_again(self, invocation_id: ir.TaskInvocationId, reason: Reason) -> bool:
        """Count a failed attempt. True: there is another."""
        if reason is Reason.CRASH:
            self._crashes[invocation_id] += 1
            return self._crashes[invocation_id] <= self._crashes_allowed(invocation_id)
        if reason is Reason.NODE_LOST:
            self._losses[invocation_id] += 1
            return self._losses[invocation_id] <= MOST_LOSSES
        return False

    def _crashes_allowed(self, invocation_id: ir.TaskInvocationId) -> int:
        task_id = self._definition.task_invocations[invocation_id].task_id
        return self._definition.tasks[task_id].max_retries or 0
