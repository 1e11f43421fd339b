"""The contract of a system that is measured."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from benchmarks.works import Work

Job = Callable[[], Any]
"""Does a work once and gives its result; may be called again, and from several threads."""


class System(Protocol):
    """Something that can do works, ready for the first one."""

    def prepare(self, work: Work) -> Job:
        """Whatever of a work is not to be measured, done now."""
        ...


Start = Callable[[], AbstractContextManager[System]]
"""Brings a system up, and takes it away at the end with all that belongs to it."""
