"""Waiting for something of another process, with a sign of life on a terminal."""

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

FoundT = TypeVar("FoundT")

_LOOK_SECONDS = 0.02


def wait_for(
    condition: Callable[[], FoundT | None], *, within: timedelta, text: str
) -> FoundT | None:
    """The first true answer of a condition; None where the time passes without one."""
    begin = time.monotonic()
    try:
        while (elapsed := time.monotonic() - begin) < within.total_seconds():
            found = condition()
            if found:
                return found
            _show(f"{text} {elapsed:.1f} s")
            time.sleep(_LOOK_SECONDS)
        return None
    finally:
        _show("")


def _show(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
