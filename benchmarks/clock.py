"""Seconds that something takes."""

import time
from collections.abc import Callable
from typing import TypeVar

ValueT = TypeVar("ValueT")


def timed(action: Callable[[], ValueT]) -> tuple[float, ValueT]:
    """Seconds of an action, and what it gave."""
    begin = time.perf_counter()
    value = action()
    return time.perf_counter() - begin, value
