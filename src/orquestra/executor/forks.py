"""How many children this process has begun, as far as Python knows.

Counted where they begin: to ask the kernel after each call would cost more than most calls.
"""

import functools
import os
import sys

_EVENTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.system"})
"""Children that begin without `os.fork`."""

_begun = 0


def count() -> int:
    """How many children have begun since the first time that this was asked."""
    _watch()
    return _begun


@functools.cache
def _watch() -> None:
    # Neither can be taken back, so there is one of each for the whole process.
    os.register_at_fork(after_in_parent=_note)
    sys.addaudithook(_note_event)


def _note() -> None:
    global _begun  # noqa: PLW0603 - children are those of the process
    _begun += 1


def _note_event(event: str, _: object) -> None:
    if event in _EVENTS:
        _note()
