"""Those who follow a run by a stream of events: how many they are, and whether they still may."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from orquestra.engine.errors import Forbidden, NotFound, TooManyStreams, Unauthorized
from orquestra.engine.runs import service
from orquestra.engine.services import EngineServices

MOST_STREAMS = 64
"""Of one user at once."""


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
