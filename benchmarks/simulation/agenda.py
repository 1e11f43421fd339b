"""What is going to happen in simulated time."""

import heapq
from collections.abc import Callable
from itertools import count

Event = Callable[[], None]


class Agenda:
    """Events in the order of their times; `now` is the time of the last one taken."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Event]] = []
        self._numbers = count()

    def after(self, seconds: float, event: Event) -> None:
        """Let something happen in so many seconds."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), event))

    def advance(self) -> bool:
        """Let everything happen that comes at the next time; False if nothing comes any more."""
        if not self._events:
            return False
        self.now = self._events[0][0]
        while self._events and self._events[0][0] <= self.now:
            heapq.heappop(self._events)[2]()
        return True
