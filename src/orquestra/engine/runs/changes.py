"""Telling those who watch a run that its state or its progress has changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta


class Watch:
    """One who watches. Changes between two looks count as one, and none is missed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Something has changed."""
        self._event.set()

    async def changed(self, *, within: timedelta) -> bool:
        """Wait for a change since the last call, at most `within`; whether there was one."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), within.total_seconds())
        changed = self._event.is_set()
        self._event.clear()
        return changed


class RunChanges:
    """Who watches which run. What has changed stands in the database."""

    def __init__(self) -> None:
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self.closed = False

    def announce(self, run_id: str) -> None:
        """The state or the progress of a run has changed, and the database says so already."""
        for watch in self._watches.get(run_id, ()):
            watch.ring()

    @contextmanager
    def watching(self, run_id: str) -> Iterator[Watch]:
        """Watch a run."""
        watch = Watch()
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
        for run_id in self._watches:
            self.announce(run_id)
