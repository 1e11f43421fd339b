"""Telling those who watch a run that its state or its progress has changed."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta


class Watch:
    """One who watches, on the loop that runs when it is made.

    Changes between two looks count as one, and none is missed. Who waits for one watch is woken by
    those `beside` it as well, and asks each of them whether it was the one.
    """

    def __init__(self, *, beside: "Watch | None" = None) -> None:
        self._event: asyncio.Event = beside._event if beside else asyncio.Event()  # noqa: SLF001 - of the same class
        self._has_rung = False
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Something has changed; may be said from any thread."""
        self._loop.call_soon_threadsafe(self._rung)

    async def changed(self, *, within: timedelta) -> bool:
        """Wait for a change since the last call, at most `within`; whether there was one."""
        # Not `wait_for`, which swallows a cancellation that comes together with a change.
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._event.wait()
        changed = self._event.is_set()
        self._event.clear()
        return changed

    def take(self) -> bool:
        """Whether something has changed since this was asked last."""
        taken, self._has_rung = self._has_rung, False
        return taken

    def _rung(self) -> None:
        self._has_rung = True
        self._event.set()


class RunChanges:
    """Who watches which run, and how many `streams` of events each user reads.

    What has changed stands in the database, or in files.
    """

    def __init__(self) -> None:
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self.streams: Counter[str] = Counter()
        self.closed = False

    def announce(self, run_id: str) -> None:
        """Something of a run has changed, and can be read already; may be said from any thread."""
        # A copy, since others may begin and end to watch meanwhile.
        for watch in tuple(self._watches.get(run_id, ())):
            watch.ring()

    @contextmanager
    def watching(self, run_id: str, watch: Watch | None = None) -> Iterator[Watch]:
        """Watch a run, with a watch that is given or a new one."""
        watch = watch or Watch()
        self._watches[run_id].add(watch)
        try:
            yield watch
        finally:
            self._watches[run_id].discard(watch)
            if not self._watches[run_id]:
                del self._watches[run_id]

    def close(self) -> None:
        """Tell everybody to stop watching: the engine is about to stop."""
        self.closed = True
        for run_id in tuple(self._watches):
            self.announce(run_id)
