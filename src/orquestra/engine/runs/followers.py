"""Those who follow a run by a stream of events: how many they are, and whether they still may."""

import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import Forbidden, NotFound, TooManyStreams, Unauthorized
from orquestra.engine.runs import service

MOST_STREAMS = 64
"""Of one user at once."""

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


class Permission:
    """Whether who follows still may: asked once a `beat`, since rights end while streams last."""

    def __init__(self, still_may_see: StillMaySee, *, beat: timedelta) -> None:
        self._still_may_see = still_may_see
        self._beat = beat
        self._pause = Pause(beat)

    async def holds(self) -> bool:
        """Whether it did when it was asked last."""
        if not self._pause.is_over():
            return True
        self._pause = Pause(self._beat)
        return await self._still_may_see()


@dataclass(frozen=True, kw_only=True)
class Follower:
    """A user who follows a run, with the login token of the request."""

    services: EngineServices
    user: str
    token: str
    run_id: str

    async def still_may_see(self) -> bool:
        """Whether the same request would be answered now."""
        services = self.services
        try:
            caller = await services.callers.of(services.tokens.read(self.token))
            async with services.database.reading() as session:
                await service.get(session, self.run_id, caller=caller)
        except (Unauthorized, Forbidden, NotFound):
            return False
        return True

    def counted(self, events: AsyncGenerator[str, None]) -> AsyncIterator[str]:
        """The same events, as one of the user's streams.

        Raises:
            TooManyStreams: The user has too many.
        """
        streams = self.services.changes.streams
        if streams[self.user] >= MOST_STREAMS:
            raise TooManyStreams(
                f"You follow {MOST_STREAMS} runs or logs at once, and no more are possible. End "
                "some of the programs that do, or ask for how a run is now: `orq wf view`."
            )
        return _counted(events, streams, self.user)


async def always() -> bool:
    """The answer where nobody can lose the right."""
    return True


async def _counted(
    events: AsyncGenerator[str, None], streams: Counter[str], user: str
) -> AsyncGenerator[str, None]:
    # Counted from the first event on: an answer that nobody begins to read is never closed.
    streams[user] += 1
    try:
        async with aclosing(events):
            async for event in events:
                yield event
    finally:
        streams[user] -= 1
        if not streams[user]:
            del streams[user]
