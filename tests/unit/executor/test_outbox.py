"""Events on their way: order, numbers, and what happens when the engine is away."""

import threading
from datetime import UTC, datetime

import pytest

from orquestra.executor.errors import RunOver
from orquestra.executor.outbox import Outbox
from orquestra.sdk.schema.cluster import (
    LogKind,
    LogLine,
    LogLines,
    LogStream,
    NodeId,
    NodeJoined,
)


def joined(number):
    return NodeJoined(at=datetime.now(UTC), node_id=NodeId(f"node-{number}"))


class Sink:
    """Takes batches once it is open."""

    def __init__(self):
        self.batches = []
        self.open = threading.Event()
        self.error = None

    def post_events(self, batch):
        self.open.wait()
        if self.error:
            raise self.error
        self.batches.append(batch)


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.open.set()


def test_events_arrive_in_order_in_numbered_batches_of_one_sender(sink):
    sink.open.set()
    outbox = Outbox(sink, sender="driver")
    events = [joined(number) for number in range(1200)]

    outbox.add(*events)
    outbox.flush()
    outbox.add(joined(1200))
    outbox.flush()

    assert [batch.sequence for batch in sink.batches] == [*range(1, len(sink.batches) + 1)]
    assert len({batch.sender for batch in sink.batches}) == 1
    assert [event for batch in sink.batches for event in batch.events][:-1] == events


def test_a_restarted_sender_has_another_name(sink):
    sink.open.set()
    for _ in range(2):
        outbox = Outbox(sink, sender="driver")
        outbox.add(joined(1))
        outbox.flush()

    first, second = (batch.sender for batch in sink.batches)
    assert first != second


def test_what_has_to_come_first_runs_before_each_batch(sink):
    sink.open.set()
    order = []
    outbox = Outbox(sink, sender="driver", before_posting=lambda: order.append(len(sink.batches)))

    outbox.add(joined(1))
    outbox.flush()

    assert order == [0]


def test_who_adds_waits_while_the_engine_is_away(sink):
    outbox = Outbox(sink, sender="driver")
    many = threading.Thread(target=lambda: [outbox.add(joined(n)) for n in range(12_000)])

    many.start()
    many.join(0.3)
    stuck = many.is_alive()
    sink.open.set()
    many.join(5)
    outbox.flush()

    assert stuck
    assert sum(len(batch.events) for batch in sink.batches) == 12_000


def test_after_the_end_of_the_run_events_go_nowhere_and_flushing_says_so(sink):
    sink.error = RunOver("over")
    sink.open.set()
    outbox = Outbox(sink, sender="driver")

    outbox.add(joined(1))

    with pytest.raises(RunOver):
        outbox.flush()
    outbox.add(*[joined(number) for number in range(6000)])


def test_a_flush_ends_although_others_go_on_adding(sink):
    sink.open.set()
    outbox = Outbox(sink, sender="reporter")
    over = threading.Event()

    def keep_adding():
        while not over.is_set():
            outbox.add(joined(1))

    adders = [threading.Thread(target=keep_adding, daemon=True) for _ in range(4)]
    for adder in adders:
        adder.start()
    flushing = threading.Thread(target=outbox.flush, daemon=True)
    flushing.start()
    flushing.join(10)
    ended = not flushing.is_alive()
    over.set()

    assert ended


def test_wide_lines_fill_the_room_and_the_batches_as_narrow_ones_do(sink):
    outbox = Outbox(sink, sender="reporter")
    wide = LogLines(
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
    adder.join(10)
    outbox.flush()

    assert held_back < 25
    assert len(added) == 40
    assert max(len(batch.events) for batch in sink.batches) <= 3
