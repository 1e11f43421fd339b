"""Events on their way: order, numbers, and what happens when the engine is away."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import SimpleQueue

import pytest

from orquestra.executor.errors import ClusterOver
from orquestra.executor.outbox import Outbox
from orquestra.sdk.schema.cluster import (
    AttemptEnding,
    AttemptsEnded,
    Location,
    LogKind,
    LogLine,
    LogLines,
    LogStream,
    NodeId,
    NodeJoined,
    RunFinished,
    StoredValue,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import State

ONLY = True
"""The attempt is the last one of its invocation."""


def joined(number):
    return NodeJoined(at=datetime.now(UTC), node_id=NodeId(f"node-{number}"))


def started(sink, *, on_failure=print):
    outbox = Outbox(sink, sender="driver")
    outbox.start(on_failure=on_failure)
    return outbox


class Sink:
    """Takes batches once it is open."""

    def __init__(self):
        self.batches = []
        self.changed = threading.Condition()
        self.open = threading.Event()
        self.error = None

    def post_events(self, batch):
        self.open.wait()
        if self.error:
            raise self.error
        with self.changed:
            self.batches.append(batch)
            self.changed.notify_all()

    def events(self, count):
        """The first so many events, once they have come."""
        with self.changed:
            self.changed.wait_for(lambda: len(self._all()) >= count, timeout=5)
            return self._all()[:count]

    def until(self, last):
        """All events, once this one has come."""
        with self.changed:
            self.changed.wait_for(lambda: last in self._all(), timeout=5)
            return self._all()

    def _all(self):
        return [event for batch in self.batches for event in batch.events]


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.open.set()


def test_lines_that_somebody_bounds_never_wait_and_are_acknowledged_when_posted(sink):
    outbox = started(sink)
    posted = SimpleQueue()
    lines = LogLines(
        run_id="run-1",
        kind=LogKind.TASK,
        stream=LogStream.OUT,
        lines=[LogLine(at=1.0, text="x" * 2**20)],
    )
    for number in range(20):
        outbox.add_lines(lines, posted=partial(posted.put, number))
    outbox.add(joined(1))  # does not wait either: those lines take no room
    assert posted.empty()

    sink.open.set()

    assert [posted.get(timeout=5) for _ in range(20)] == [*range(20)]


def test_events_arrive_in_order_in_numbered_batches_of_one_sender(sink):
    sink.open.set()
    outbox = started(sink)
    events = [joined(number) for number in range(1200)]

    outbox.add(*events)
    assert sink.events(1200) == events
    last = joined(1200)
    outbox.add(last)

    assert sink.events(1201)[-1] is last
    assert [batch.sequence for batch in sink.batches] == [*range(1, len(sink.batches) + 1)]
    assert len({batch.sender for batch in sink.batches}) == 1


def test_a_restarted_sender_has_another_name(sink):
    sink.open.set()
    for _ in range(2):
        outbox = started(sink)
        outbox.add(joined(1))

    sink.events(2)
    first, second = (batch.sender for batch in sink.batches)
    assert first != second


def test_who_adds_waits_while_the_engine_is_away(sink):
    outbox = started(sink)
    many = threading.Thread(
        target=lambda: [outbox.add(joined(n)) for n in range(12_000)], daemon=True
    )

    many.start()
    many.join(0.3)
    stuck = many.is_alive()
    sink.open.set()

    assert len(sink.events(12_000)) == 12_000
    assert stuck


def test_after_the_end_of_the_cluster_who_started_it_is_told_and_events_go_nowhere(sink):
    sink.error = ClusterOver("over")
    sink.open.set()
    told = SimpleQueue()
    outbox = started(sink, on_failure=told.put)

    outbox.add(joined(1))

    assert told.get(timeout=2) is sink.error
    for _ in range(2):  # more than there is room for
        outbox.add(*[joined(number) for number in range(6000)])


def test_wide_lines_fill_the_room_and_the_batches_as_narrow_ones_do(sink):
    outbox = started(sink)
    wide = LogLines(
        run_id="run-1",
        kind=LogKind.TASK,
        stream=LogStream.OUT,
        lines=[LogLine(at=0.0, text="x" * 2**20)],
        invocation_id="invocation-0-task-work",
    )
    added = []

    def add_forty():
        for number in range(40):
            outbox.add(wide)
            added.append(number)

    adder = threading.Thread(target=add_forty, daemon=True)
    adder.start()
    adder.join(1)
    held_back = len(added)
    sink.open.set()

    assert len(sink.events(40)) == 40
    assert held_back < 25
    assert max(len(batch.events) for batch in sink.batches) <= 3


def ended(count):
    """The ends of very many short tasks, as the executor tells them."""
    location = Location("run-1.w-1.0", 0, 10, ValueFormat.JSON)
    return AttemptsEnded(
        run_id="run-1",
        attempts=[
            AttemptEnding(
                f"invocation-{n}", 1, State.SUCCEEDED, *(ONLY, "node-1", 0, 0, 0, 0, None)
            )
            for n in range(count)
        ],
        values=[StoredValue(f"artifact-{n}", location) for n in range(count)],
    )


def test_very_many_ends_are_cut_and_no_end_comes_before_its_value(sink):
    sink.open.set()
    outbox = started(sink)

    outbox.add(ended(12_000))
    last = joined(1)
    outbox.add(last)

    *events, _ = sink.until(last)
    assert max(len(event.attempts) + len(event.values) for event in events) < 6000
    assert sum(len(event.attempts) for event in events) == 12_000
    first_end = next(n for n, event in enumerate(events) if event.attempts)
    assert sum(len(event.values) for event in events[:first_end]) == 12_000
    assert len(sink.batches) > 2


def test_a_batch_takes_several_thousand_ends(sink):
    sink.open.set()
    outbox = started(sink)

    outbox.add(ended(4000))

    (event,) = sink.events(1)
    assert len(event.attempts) == 4000


def test_the_end_of_a_run_does_not_wait_for_others(sink, monkeypatch):
    monkeypatch.setattr("orquestra.executor.outbox.INTERVAL", timedelta(hours=1))
    posted = threading.Event()
    sink.post_events = lambda _: posted.set()
    outbox = started(sink)

    outbox.add(RunFinished(run_id="run-1", at=datetime.now(UTC), state=State.SUCCEEDED))

    assert posted.wait(2)
