"""Events on their way to the engine: gathered, numbered, and posted in batches."""

import threading
import uuid
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from orquestra.sdk.schema.cluster import Event, EventBatch, LogLines

INTERVAL = timedelta(milliseconds=200)
_MOST_EVENTS = 500
_BATCH = 2 * 2**20
_ROOM = 16 * 2**20
"""Bytes, roughly: what a batch and what the queue may hold before those who add have to wait."""

_EVENT_WEIGHT = 3 * 2**10


class EventSink(Protocol):
    """Where batches go; the engine's client is one."""

    def post_events(self, batch: EventBatch) -> None:
        """Take a batch; blocks until it has been taken."""
        ...


class Outbox:
    """A queue of events with a thread that posts them every `INTERVAL`, in order.

    A batch is repeated under its number until the engine has it, so nothing is lost or counted
    twice while the engine restarts; the queue is bounded, so who adds then waits. After the run
    has been ended by the engine, events go nowhere, and `flush` raises `RunOver`.
    """

    def __init__(
        self,
        sink: EventSink,
        *,
        sender: str,
        before_posting: Callable[[], None] | None = None,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        """Begin to post.

        `before_posting` runs before each batch, for what has to reach the engine first;
        `on_failure` takes the error after which nothing is posted any more.
        """
        self._sink = sink
        # A restarted head begins to count anew, so it is another sender.
        self._sender = f"{sender}-{uuid.uuid4().hex[:8]}"
        self._before_posting = before_posting
        self._on_failure = on_failure
        self._sequence = 0
        self._queue: deque[Event] = deque()
        self._added = self._posted = 0
        self._weight = 0
        self._changed = threading.Condition()
        self._hurry = threading.Event()
        self._failure: Exception | None = None
        threading.Thread(target=self._post_forever, name="outbox", daemon=True).start()

    def add(self, *events: Event) -> None:
        """Queue events."""
        with self._changed:
            self._changed.wait_for(lambda: self._weight < _ROOM or self._failure)
            if not self._failure:
                self._queue.extend(events)
                self._added += len(events)
                self._weight += sum(map(_weight, events))
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all events queued so far are with the engine.

        Raises:
            RunOver: the engine has ended the run.
            EngineRefused: the engine does not take them.
        """
        self._hurry.set()
        with self._changed:
            target = self._added
            self._changed.wait_for(lambda: self._posted >= target or self._failure)
            if self._failure:
                raise self._failure

    def _post_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue)
            self._hurry.wait(INTERVAL.total_seconds())
            self._hurry.clear()
            try:
                self._post_queued()
            except Exception as error:  # noqa: BLE001 - the thread hands every error to `flush`
                self._give_up(error)
                return

    def _post_queued(self) -> None:
        with self._changed:
            events = self._next_batch()
            self._changed.notify_all()
        if self._before_posting:
            self._before_posting()
        self._sequence += 1
        self._sink.post_events(
            EventBatch(sender=self._sender, sequence=self._sequence, events=events)
        )
        with self._changed:
            self._posted += len(events)
            self._changed.notify_all()
            if self._queue:
                self._hurry.set()

    def _next_batch(self) -> list[Event]:
        events: list[Event] = []
        weight = 0
        while self._queue and len(events) < _MOST_EVENTS and weight < _BATCH:
            events.append(self._queue.popleft())
            weight += _weight(events[-1])
        self._weight -= weight
        return events

    def _give_up(self, error: Exception) -> None:
        with self._changed:
            self._failure = error
            self._queue.clear()
            self._changed.notify_all()
        if self._on_failure:
            self._on_failure(error)


def _weight(event: Event) -> int:
    if not isinstance(event, LogLines):
        return _EVENT_WEIGHT
    return _EVENT_WEIGHT + sum(len(line.text) for line in event.lines)
