"""Time, behind one small function so that tests can move it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, zone-aware."""


def system_clock() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)
