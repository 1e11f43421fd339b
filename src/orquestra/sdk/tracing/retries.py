"""How often, and after which waits, a task is repeated that raised an exception."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orquestra.sdk.tracing.durations import checked_duration, in_seconds

if TYPE_CHECKING:
    from orquestra.sdk.schema import ir


@dataclass(frozen=True)
class RetryPolicy:
    """Repeat a task that raised an exception, or that took longer than its timeout.

    The n-th repeat waits `delay` times `backoff` to the power of n - 1, but `max_delay` at most.
    A task whose process died is another matter: the `max_retries` of `@task` counts those.

    Args:
        max_retries: the most repeats of one call, after its first attempt.
        delay: the wait before the first repeat, in seconds or as a `timedelta`.
        backoff: how many times longer each further wait is, 1 or more.
        max_delay: the longest wait, in seconds or as a `timedelta`.

    Raises:
        TypeError: one of them is of another type.
        ValueError: one of them is too small.
    """

    max_retries: int = 3
    delay: float | timedelta = 1.0
    backoff: float = 2.0
    max_delay: float | timedelta = 60.0

    def __post_init__(self) -> None:
        _check_count(self.max_retries)
        checked_duration(self.delay, name="delay", example="1.0")
        _check_backoff(self.backoff)
        checked_duration(self.max_delay, name="max_delay", example="60.0")


def checked_retry_policy(retries: Any) -> RetryPolicy | None:
    """What `@task(retries=...)` asks for; a number takes the waits of a `RetryPolicy` unchanged.

    Raises:
        TypeError: it is neither a number nor a `RetryPolicy`.
        ValueError: it is negative.
    """
    if retries is None or isinstance(retries, RetryPolicy):
        return retries
    return RetryPolicy(_check_count(retries, name="retries")) if retries != 0 else None


def retry_policy_model(policy: RetryPolicy | None) -> "ir.RetryPolicy | None":
    """A policy as definitions hold it."""
    from orquestra.sdk.schema import ir

    if policy is None:
        return None
    return ir.RetryPolicy(
        max_retries=policy.max_retries,
        delay_seconds=in_seconds(policy.delay),
        backoff=policy.backoff,
        max_delay_seconds=in_seconds(policy.max_delay),
    )


def _check_count(count: Any, *, name: str = "max_retries") -> int:
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(
            f"{name}={count!r} is of the type {type(count).__name__}. Write a whole number, "
            f"like {name}=3" + (", or a sdk.RetryPolicy." if name == "retries" else ".")
        )
    if count < 0:
        raise ValueError(f"{name} must not be negative, but is {count}")
    return count


def _check_backoff(backoff: Any) -> None:
    if isinstance(backoff, bool) or not isinstance(backoff, int | float):
        raise TypeError(
            f"backoff={backoff!r} is of the type {type(backoff).__name__}. Write a number, like "
            "backoff=2.0."
        )
    if not (math.isfinite(backoff) and backoff >= 1):
        raise ValueError(
            f"backoff={backoff!r} must be 1 or more: 1 waits equally long each time, 2 doubles "
            "the wait"
        )
