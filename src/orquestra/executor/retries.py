"""Whether an attempt that failed is followed by another, and when.

A process that died is tried again as often as the task's `max_retries` says, a lost node
`MOST_LOSSES` times, both at once. What raised an exception or took too long is tried again by the
task's `retry_policy`, if it has one.
"""

from collections import Counter

from orquestra.executor.failures import MOST_LOSSES, Reason
from orquestra.executor.jobs import Job
from orquestra.sdk.schema import ir

_AT_ONCE = 0.0


class Retries:
    """Counts what has happened to each job of a run."""

    def __init__(self, definition: ir.WorkflowDef) -> None:
        self._definition = definition
        self._crashes: Counter[ir.TaskInvocationId] = Counter()
        self._losses: Counter[ir.TaskInvocationId] = Counter()
        self._failures: Counter[ir.TaskInvocationId] = Counter()

    def pause(self, job: Job, reason: Reason) -> float | None:
        """Count a failed attempt. Seconds until the next one; None: there is none."""
        task = self._task(job)
        if reason is Reason.CRASH:
            self._crashes[job.name] += 1
            return _AT_ONCE if self._crashes[job.name] <= (task.max_retries or 0) else None
        if reason is Reason.NODE_LOST:
            self._losses[job.name] += 1
            return _AT_ONCE if self._losses[job.name] <= MOST_LOSSES else None
        if reason not in (Reason.TASK, Reason.TIMEOUT) or job.is_count:
            return None
        self._failures[job.name] += 1
        repeat = self._failures[job.name]
        policy = task.retry_policy
        return _delay(policy, repeat) if policy and repeat <= policy.max_retries else None

    def tries(self, job: Job) -> int:
        """How often the task of a job has raised an exception or taken too long."""
        return self._failures[job.name]

    def _task(self, job: Job) -> ir.TaskDef:
        return self._definition.tasks[self._definition.task_invocations[job.invocation_id].task_id]


def _delay(policy: ir.RetryPolicy, repeat: int) -> float:
    try:
        delay = policy.delay_seconds * policy.backoff ** (repeat - 1)
    except OverflowError:
        return policy.max_delay_seconds
    return min(delay, policy.max_delay_seconds)
