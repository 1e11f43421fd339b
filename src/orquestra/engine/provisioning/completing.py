"""Work in a thread that goes on when whoever waits for it is cancelled."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import TypeVar

_T = TypeVar("_T")


async def completed(work: Awaitable[_T]) -> _T:
    """The result of work that cannot be called off.

    A thread does not notice that nobody waits any more, and what it launches then would be known
    to nobody. So a cancellation takes effect when the work has ended.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # else asyncio complains that nobody has asked for it
        raise
