"""Looks at runs, made once for all who ask at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import nullcontext
from typing import Any, TypeVar

FoundT = TypeVar("FoundT")

_LONG_ONES = 2


class Looks:
    """Of each kind one look at a time, however many ask; and few that take long.

    What is found is as new as if each had looked alone: who comes while a look is made gets the
    next one, not this.
    """

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_LONG_ONES)
        self._made: dict[Hashable, asyncio.Task[Any]] = {}
        self._to_come: dict[Hashable, asyncio.Task[Any]] = {}

    async def share(
        self, kind: Hashable, look: Callable[[], Awaitable[FoundT]], *, is_long: bool = False
    ) -> FoundT:
        """What a look finds that begins from now on; raises what it raises.

        All that are of one `kind` have to find the same.
        """
        coming: asyncio.Task[FoundT] | None = self._to_come.get(kind)
        if coming is None:
            coming = asyncio.create_task(self._make(kind, look, is_long=is_long))
            coming.add_done_callback(_take_note)
            self._to_come[kind] = coming
        return await asyncio.shield(coming)  # others may want it still

    async def _make(
        self, kind: Hashable, look: Callable[[], Awaitable[FoundT]], *, is_long: bool
    ) -> FoundT:
        before = self._made.get(kind)
        if before:
            await asyncio.wait([before])
        async with self._slots if is_long else nullcontext():
            self._made[kind] = self._to_come.pop(kind)
            try:
                return await look()
            finally:
                del self._made[kind]


def _take_note(made: asyncio.Task[Any]) -> None:
    """Python warns of an error of which nobody has heard; but all may have gone away."""
    if not made.cancelled():
        made.exception()
