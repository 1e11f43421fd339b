"""Events on their way to the engine: gathered, numbered, and posted in batches."""

import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from orquestra.sdk.schema.cluster import (
    AttemptsBegan,
    AttemptsEnded,
    Event,
    EventBatch,
    HeadBegan,
    LogLines,
    NodeJoined,
    RunFinished,
)

INTERVAL = timedelta(milliseconds=50)
"""How long an event may wait for others, if somebody does not wait for it."""

_URGENT = (HeadBegan, NodeJoined, RunFinished)
_MOST_EVENTS = 500
_BATCH = 2 * 2**20
_ROOM = 16 * 2**20
"""Bytes, roughly: what a batch and what the queue may hold before those who add have to wait."""

_EVENT_WEIGHT = 3 * 2**10
_ATTEMPT_WEIGHT = 400
_MOST_ATTEMPTS = _BATCH // _ATTEMPT_WEIGHT


class EventSink(Protocol):
    """Where batches go; the engine's client is one."""

    def post_events(self, batch: EventBatch) -> None:
        """Take a batch; blocks until it has been taken."""
        ...


class _Queued(NamedTuple):
    event: Event
    weight: int
    posted: Callable[[], None] | None


class Outbox:
    """A queue of events with a thread that posts them in order, `INTERVAL` after the first at most.

    A batch is repeated under its number until the engine has it, so nothing is lost or counted
    twice while the engine restarts; the queue is bounded, so who adds then waits. Lines that
    somebody waits to see posted do not count: he bounds them himself. After the engine is done with
    the cluster, events go nowhere.
    """

    def __init__(self, sink: EventSink, *, sender: str) -> None:
        """Make an empty one, which posts once it is started."""
        self._sink = sink
        # A restarted head begins to count anew, so it is another sender.
        self._sender = f"{sender}-{uuid.uuid4().hex[:8]}"
        self._sequence = 0
        self._queue: deque[_Queued] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self._hurry = threading.Event()
        self._failure: Exception | None = None

    def start(self, *, on_failure: Callable[[Exception], None]) -> None:
        """Begin to post. `on_failure` takes the error after which nothing is posted any more."""
        thread = threading.Thread(
            target=self._post_forever, args=(on_failure,), name="outbox", daemon=True
        )
        thread.start()

    def add(self, *events: Event) -> None:
        """Queue events, once there is room."""
        parts = [part for event in events for part in _parts(event)]
        with self._changed:
            self._changed.wait_for(lambda: self._weight < _ROOM or self._failure)
            for part in parts:
                self._weight += self._put(_Queued(part, _weight(part), None))
            if any(isinstance(event, _URGENT) for event in parts):
                self._hurry.set()
            self._changed.notify_all()

    def add_lines(self, lines: LogLines, *, posted: Callable[[], None]) -> None:
        """Queue lines, without waiting for room; call `posted` once the engine has them."""
        with self._changed:
            self._put(_Queued(lines, _weight(lines), posted))
            self._changed.notify_all()

    def _put(self, item: _Queued) -> int:
        if self._failure:
            return 0
        self._queue.append(item)
        return item.weight

    def _post_forever(self, on_failure: Callable[[Exception], None]) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue)
            self._hurry.wait(INTERVAL.total_seconds())
            self._hurry.clear()
            try:
                self._post_queued()
            except Exception as error:  # noqa: BLE001 - the thread hands every error on
                self._give_up(error)
                on_failure(error)
                return

    def _post_queued(self) -> None:
        with self._changed:
            batch = self._next_batch()
            self._changed.notify_all()
        self._sequence += 1
        events = list(_merged(item.event for item in batch))
        self._sink.post_events(
            EventBatch(sender=self._sender, sequence=self._sequence, events=events)
        )
        if self._queue:
            self._hurry.set()
        for item in batch:
            if item.posted:
                item.posted()

    def _next_batch(self) -> list[_Queued]:
        batch: list[_Queued] = []
        weight = 0
        while self._queue and len(batch) < _MOST_EVENTS and weight < _BATCH:
            item = self._queue.popleft()
            batch.append(item)
            weight += item.weight
            self._weight -= 0 if item.posted else item.weight
        return batch

    def _give_up(self, error: Exception) -> None:
        with self._changed:
            self._failure = error
            self._queue.clear()
            self._changed.notify_all()


def _merged(events: Iterable[Event]) -> Iterator[Event]:
    """The same events, where ends of one run that follow each other are one: it is recorded faster.

    What is made here is not checked again, as its parts have been.
    """
    run: list[AttemptsEnded] = []
    for event in events:
        if run and not (isinstance(event, AttemptsEnded) and _fits(event, run)):
            yield _joined(run)
            run = []
        if isinstance(event, AttemptsEnded):
            run.append(event)
        else:
            yield event
    if run:
        yield _joined(run)


def _fits(event: AttemptsEnded, run: Sequence[AttemptsEnded]) -> bool:
    together = _count(event) + sum(map(_count, run))
    return event.run_id == run[0].run_id and together <= _MOST_ATTEMPTS


def _joined(events: Sequence[AttemptsEnded]) -> AttemptsEnded:
    if len(events) == 1:
        return events[0]
    return AttemptsEnded.model_construct(
        run_id=events[0].run_id,
        attempts=[attempt for event in events for attempt in event.attempts],
        values=[value for event in events for value in event.values],
    )


def _parts(event: Event) -> Iterator[Event]:
    """An event, or what one with very many attempts is cut into: values first, then attempts.

    A value without its attempt does no harm; an attempt whose value is not there yet would.
    """
    if not isinstance(event, AttemptsEnded) or _count(event) <= _MOST_ATTEMPTS:
        yield event
        return
    for begin in range(0, len(event.values), _MOST_ATTEMPTS):
        values = event.values[begin : begin + _MOST_ATTEMPTS]
        yield event.model_copy(update={"attempts": [], "values": values})
    for begin in range(0, len(event.attempts), _MOST_ATTEMPTS):
        attempts = event.attempts[begin : begin + _MOST_ATTEMPTS]
        yield event.model_copy(update={"attempts": attempts, "values": []})


def _count(event: AttemptsEnded) -> int:
    return max(len(event.attempts), len(event.values))


def _weight(event: Event) -> int:
    if isinstance(event, LogLines):
        return _EVENT_WEIGHT + sum(len(line.text) for line in event.lines)
    if isinstance(event, AttemptsEnded):
        messages = sum(len(attempt.message or "") for attempt in event.attempts)
        return _ATTEMPT_WEIGHT * (1 + _count(event)) + messages
    if isinstance(event, AttemptsBegan):
        return _ATTEMPT_WEIGHT * (1 + len(event.attempts))
    return _EVENT_WEIGHT
