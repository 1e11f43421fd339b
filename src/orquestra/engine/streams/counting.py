"""How many streams of events a user reads at once."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from orquestra.engine.errors import TooManyStreams
from orquestra.engine.streams.changes import RunChanges

MOST_STREAMS = 1000
"""Of one user at once: more than programs that wait for many runs need, less than connections."""


def counted(
    events: AsyncGenerator[str, None], changes: RunChanges, *, user: str
) -> AsyncIterator[str]:
    """The same events, as one of the user's streams.

    Raises:
        TooManyStreams: The user has too many.
    """
    if changes.streams[user] >= MOST_STREAMS:
        raise TooManyStreams(
            f"You follow {MOST_STREAMS} runs or logs at once, and no more are possible. End "
            "some of the programs that do, or ask for how a run is now: `orq wf view`."
        )
    return _counted(events, changes.streams, user)


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
