"""How often processes that read large definitions look for circles of objects to free."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 10_000
_GENERATIONS = (10, 50)


def collect_garbage_seldom() -> None:
    """Look for garbage less often than Python does by itself.

    A definition of 10,000 invocations is half a million objects that stay. With Python's own
    numbers all of them are looked through again and again while it is read and walked, which
    takes as long as the rest. What exists already is never looked at again.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *_GENERATIONS)


@contextmanager
def garbage_kept() -> Iterator[None]:
    """Look for no garbage in this block."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
