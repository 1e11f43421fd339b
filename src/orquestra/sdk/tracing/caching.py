"""When the result of an earlier call of a task is used again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orquestra.sdk.tracing.durations import checked_duration, in_seconds

if TYPE_CHECKING:
    from orquestra.sdk.schema import ir


@dataclass(frozen=True)
class CachePolicy:
    """Use a result again where the task's code, its inputs and its environment are the same.

    Cache only tasks whose result depends on nothing else: no clock, no random number, no file or
    service that changes.

    Args:
        max_age: older results do not count; seconds or a `timedelta`. None: any age will do.

    Raises:
        TypeError: `max_age` is of another type.
        ValueError: `max_age` is negative.
    """

    max_age: float | timedelta | None = None

    def __post_init__(self) -> None:
        if self.max_age is not None:
            checked_duration(self.max_age, name="max_age", example="timedelta(days=7)")


def checked_cache_policy(cache: Any) -> CachePolicy | None:
    """What `@task(cache=...)` asks for; True means results of any age.

    Raises:
        TypeError: it is neither a truth value nor a `CachePolicy`.
    """
    if cache is None or cache is False:
        return None
    if cache is True:
        return CachePolicy()
    if not isinstance(cache, CachePolicy):
        raise TypeError(
            f"cache={cache!r} is of the type {type(cache).__name__}. Write cache=True, or "
            "cache=sdk.CachePolicy(max_age=...)."
        )
    return cache


def cache_policy_model(
    policy: CachePolicy | None, *, fn: Callable[..., Any]
) -> "ir.CachePolicy | None":
    """A policy as definitions hold it, with what tells this code of the function from others.

    Raises:
        WorkflowSyntaxError: the function uses something that no fingerprint can be made of.
    """
    from orquestra.sdk.code.fingerprints import fingerprint
    from orquestra.sdk.schema import ir

    if policy is None:
        return None
    age = None if policy.max_age is None else in_seconds(policy.max_age)
    return ir.CachePolicy(fingerprint=fingerprint(fn), max_age_seconds=age)
