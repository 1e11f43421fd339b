"""When there is something new for a run cluster to do: versions in memory, and waiting for them."""

import asyncio
import time
from collections import defaultdict
from datetime import timedelta


class ClusterWorks:
    """The version of each cluster's work. What the work is stands in the database.

    Versions begin at the present time, so that those of an earlier process mean nothing here.
    """

    def __init__(self) -> None:
        self._first = int(time.time() * 1000)
        self._versions: dict[str, int] = {}
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._closed = False

    def version(self, cluster_id: str) -> int:
        """The present version of a cluster's work."""
        return self._versions.get(cluster_id, self._first)

    def announce(self, cluster_id: str) -> None:
        """The work of a cluster has changed, and the database says so already."""
        self._versions[cluster_id] = self.version(cluster_id) + 1
        for event in self._waiting.get(cluster_id, ()):
            event.set()

    async def wait(self, cluster_id: str, after: int, *, within: timedelta) -> int:
        """The version of a cluster's work, once it is not `after`, or at the latest `within`.

        To be asked before the work is looked up: then the answer is never newer than the work.
        """
        if self.version(cluster_id) == after and not self._closed:
            event, waiting = asyncio.Event(), self._waiting[cluster_id]
            waiting.add(event)
            try:
                await asyncio.wait_for(event.wait(), within.total_seconds())
            except TimeoutError:
                pass
            finally:
                waiting.discard(event)
        return self.version(cluster_id)

    def forget(self, cluster_id: str) -> None:
        """A cluster is gone for good."""
        self.announce(cluster_id)
        del self._versions[cluster_id]
        self._waiting.pop(cluster_id, None)

    def close(self) -> None:
        """Let nobody wait any more: the engine is about to stop."""
        self._closed = True
        for events in self._waiting.values():
            for event in events:
                event.set()
