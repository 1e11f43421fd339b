"""Lengths of time as users give them: seconds, or a `timedelta`."""

import math
from datetime import timedelta
from typing import Any


def checked_duration(duration: Any, *, name: str, example: str) -> timedelta:
    """A length of time, zero or more; `name` is that of the option.

    Raises:
        TypeError: it is neither a number nor a `timedelta`.
        ValueError: it is negative, or no number that a clock could count.
    """
    if isinstance(duration, timedelta):
        seconds = duration.total_seconds()
    elif isinstance(duration, int | float) and not isinstance(duration, bool):
        seconds = duration
    else:
        raise TypeError(
            f"{name}={duration!r} is of the type {type(duration).__name__}. Write seconds or a "
            f"timedelta, like {name}={example}."
        )
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{name}={duration!r} must be zero or more seconds, like {name}={example}")
    try:
        return timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"{name}={duration!r} is longer than any clock counts") from error


def in_seconds(duration: float | timedelta) -> float:
    """A length of time as definitions hold it."""
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
