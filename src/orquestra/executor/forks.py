"""The children of this process, as far as Python knows: how many, and what they may not keep.

Counted where they begin: to ask the kernel after each call would cost more than most calls.
"""

import functools
import os
import sys
from multiprocessing.connection import Connection
from typing import Any
from weakref import WeakSet

_EVENTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.system"})
"""Children that begin without `os.fork`."""

_begun = 0
_withheld: "WeakSet[Connection[Any, Any]]" = WeakSet()


def count() -> int:
    """How many children have begun since the first time that this was asked."""
    _watch()
    return _begun


def withhold(connection: "Connection[Any, Any]") -> None:
    """Close a connection in every child that is forked from now on."""
    _withheld.add(connection)
    _watch()


@functools.cache
def _watch() -> None:
    # None can be taken back, so there is one of each for the whole process.
    os.register_at_fork(after_in_parent=_note, after_in_child=_close_withheld)
    sys.addaudithook(_note_event)


def _note() -> None:
    global _begun  # noqa: PLW0603 - children are those of the process
    _begun += 1


def _close_withheld() -> None:
    for connection in _withheld:
        connection.close()


def _note_event(event: str, _: object) -> None:
    if event in _EVENTS:
        _note()
