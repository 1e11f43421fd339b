"""Whether the retries, timeouts and caching of tasks mean anything."""

import math

from orquestra.engine.definitions.problems import require
from orquestra.sdk.schema import ir


def check_policies(definition: ir.WorkflowDef) -> None:
    """Make sure that numbers of retries and lengths of time are such.

    Raises:
        InvalidDefinition: The first problem found.
    """
    for task in definition.tasks.values():
        for what, amount in _amounts(task).items():
            require(
                definition,
                holds=amount is None or 0 <= amount < math.inf,
                problem=f"task {task.id!r} has {amount} as {what}, which is no amount",
            )
        require(
            definition,
            holds=task.timeout_seconds != 0,
            problem=f"task {task.id!r} has a timeout of 0 seconds",
        )
        require(
            definition,
            holds=task.cache is None or bool(task.cache.fingerprint),
            problem=f"task {task.id!r} is to be cached without a fingerprint of its code",
        )


def _amounts(task: ir.TaskDef) -> dict[str, float | None]:
    amounts = {"timeout": task.timeout_seconds}
    if task.cache:
        amounts["max_age of its cache"] = task.cache.max_age_seconds
    if task.retry_policy:
        policy = task.retry_policy
        amounts |= {
            "max_retries": policy.max_retries,
            "delay of its retries": policy.delay_seconds,
            "backoff of its retries": policy.backoff,
            "max_delay of its retries": policy.max_delay_seconds,
        }
    return amounts
