"""A stream of events as such: whether it goes on, and for how long nothing was said in it."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from orquestra.engine.streams.changes import RunChanges

StillMaySee = Callable[[], Awaitable[bool]]


class Pause:
    """A time in which something is not done."""

    def __init__(self, length: timedelta) -> None:
        self._end = time.monotonic() + length.total_seconds()

    def is_over(self) -> bool:
        """Whether it may be done again."""
        return time.monotonic() >= self._end

    def left(self) -> timedelta:
        """How long it is not done yet; never negative."""
        return timedelta(seconds=max(0.0, self._end - time.monotonic()))


async def always() -> bool:
    """The answer where nobody can lose the right to read a stream."""
    return True


class Connection:
    """The connection that a stream is written to.

    It lasts until the engine stops, or the reader may not see the run any more, which is asked
    once a `beat`, since rights end while streams last. It is quiet if nothing was said for a beat.
    """

    def __init__(
        self, changes: RunChanges, *, beat: timedelta, still_may_see: StillMaySee = always
    ) -> None:
        self._changes = changes
        self._beat = beat
        self._still_may_see = still_may_see
        self._trusted = Pause(beat)
        self._quiet = Pause(beat)

    async def lasts(self) -> bool:
        """Whether the stream goes on."""
        if self._changes.closed:
            return False
        if not self._trusted.is_over():
            return True
        self._trusted = Pause(self._beat)
        return await self._still_may_see()

    def spoke(self) -> None:
        """Something was said."""
        self._quiet = Pause(self._beat)

    def is_quiet(self) -> bool:
        """Whether it is time for a sign of life."""
        return self._quiet.is_over()

    def left(self) -> timedelta:
        """How long it is until then."""
        return self._quiet.left()
