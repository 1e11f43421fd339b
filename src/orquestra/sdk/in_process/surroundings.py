"""What a run changes of the process while it executes, and puts back."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_variables = threading.RLock()
"""Held while variables of a task are set. A run inside a task may set its own, so re-entrant."""


@contextmanager
def variables_set(variables: Mapping[str, str] | None) -> Iterator[None]:
    """Environment variables of a task; afterwards they are what they were.

    They are those of the whole process, so a task with variables waits for one in another thread.
    """
    if not variables:
        yield
        return
    with _variables, _replaced(variables):
        yield


@contextmanager
def _replaced(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
