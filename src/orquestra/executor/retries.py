"""Whether an attempt that failed is followed by another, and when.

A process that died is tried again as often as the task's `max_retries` says, a lost node
`MOST_LOSSES` times, both at once. What raised an exception or took too long is tried again by the
task's `retry_policy`, if it has one.
"""

from collections import Counter
from collections.abc import Mapping

from orquestra.executor.failures import CAUSES, MOST_LOSSES, Reason
from orquestra.executor.jobs import Job
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Cause

_AT_ONCE = 0.0


class Retries:
    """Counts what has happened to each job of a run."""

    def __init__(
        self,
        definition: ir.WorkflowDef,
        tries: Mapping[ir.TaskInvocationId, Mapping[Cause, int]],
    ) -> None:
        """Go on counting from `tries`, the failed attempts under earlier heads."""
        self._definition = definition
        self._tries: Counter[tuple[ir.TaskInvocationId, Cause]] = Counter(
            {(name, cause): n for name, counts in tries.items() for cause, n in counts.items()}
        )

    def pause(self, job: Job, reason: Reason) -> float | None:
        """Count a failed attempt. Seconds until the next one; None: there is none."""
        cause = Cause.TASK if reason is Reason.EXIT else CAUSES.get(reason)
        if cause is None:
            return None
        self._tries[job.name, cause] += 1
        count = self._tries[job.name, cause]
        task = self._task(job)
        if cause is Cause.CRASH:
            return _AT_ONCE if count <= (task.max_retries or 0) else None
        if cause is Cause.NODE_LOST:
            return _AT_ONCE if count <= MOST_LOSSES else None
        policy = task.retry_policy
        may_repeat = reason is not Reason.EXIT and not job.is_count
        return (
            policy.pause(count) if policy and may_repeat and count <= policy.max_retries else None
        )

    def tries(self, job: Job) -> int:
        """How often the task of a job has raised an exception or taken too long."""
        return self._tries[job.name, Cause.TASK]

    def _task(self, job: Job) -> ir.TaskDef:
        return self._definition.tasks[self._definition.task_invocations[job.invocation_id].task_id]
