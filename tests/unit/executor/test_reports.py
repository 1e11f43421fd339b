"""What a worker tells its executor."""

import pickle
import socket
import threading
from datetime import timedelta
from multiprocessing.connection import Listener, Pipe

import pytest

from orquestra.executor.protocol import MOST_UNTAKEN, Began, Lines, Outcome, Outcomes, WorkerStart
from orquestra.executor.reports import STEADY, NobodyListens, Reports, connect
from orquestra.sdk.schema.cluster import Location, LogStream, ValueFormat

VALUES = (Location("run.w.1", 0, 1, ValueFormat.JSON),)


def outcome(number, *, values=VALUES, problem=None):
    return Outcome(number, 1.0, 2.0, values, problem)


def reporting(connection, *, flush=lambda: None, lost=lambda _: None, **options):
    return Reports(connection, flush=flush, lost=lost, **options)


@pytest.fixture
def ends():
    ours, theirs = Pipe()
    with ours, theirs:
        yield ours, theirs


def test_outcomes_travel_together_after_their_values_were_made_readable(ends):
    ours, theirs = ends
    reports = reporting(theirs, flush=lambda: seen.append(ours.poll()))
    seen = []

    reports.add(outcome(1), "work")
    reports.add(outcome(2, values=(), problem="no"), "work")
    reports.send_outcomes()

    assert seen == [False]
    assert ours.recv() == Outcomes([outcome(1), outcome(2, values=(), problem="no")])
    assert reports.failed == {2}


def test_while_calls_follow_one_another_outcomes_wait_a_little(ends):
    now = 100.0
    ours, theirs = ends
    reports = reporting(theirs, clock=lambda: now)
    reports.add(outcome(1), "work")
    reports.send_outcomes_if_late()
    assert ours.recv() == Outcomes([outcome(1)])

    reports.add(outcome(2), "work")
    reports.send_outcomes_if_late()
    assert not ours.poll()
    now += 2 * STEADY.total_seconds()
    reports.send_outcomes_if_late()

    assert ours.recv() == Outcomes([outcome(2)])


def test_nothing_is_sent_where_nothing_has_ended(ends):
    ours, theirs = ends

    reporting(theirs).send_outcomes()

    assert not ours.poll()


def test_values_that_could_not_be_written_fail_their_calls(ends):
    full = OSError(28, "No space left on device")
    ours, theirs = ends
    reports = reporting(theirs, lost=lambda values: full if values else None)
    reports.add(outcome(1), "work")
    reports.add(outcome(2, values=()), "other")

    reports.send_outcomes()

    lost, kept = ours.recv().outcomes
    assert lost.values == ()
    assert "The result of task 'work' cannot be stored: No space left on device" in lost.problem
    assert kept == outcome(2, values=())
    assert reports.failed == {1}


def test_a_message_is_what_multiprocessing_itself_would_send(ends):
    ours, theirs = ends

    reporting(theirs).send(Began(3, 1.5))

    assert pickle.loads(ours.recv_bytes()) == Began(3, 1.5)


def test_lines_wait_until_the_engine_has_most_of_those_before(ends):
    _, theirs = ends
    reports = reporting(theirs)
    lines = Lines(1, LogStream.OUT, [(1.0, "text")])
    for _ in range(MOST_UNTAKEN):
        reports.send_lines(lines)
    waits = threading.Thread(target=reports.send_lines, args=(lines,), daemon=True)
    waits.start()
    assert waits.is_alive()

    reports.taken()

    waits.join(5)
    assert not waits.is_alive()


def test_nobody_waits_for_an_executor_that_is_gone(ends):
    _, theirs = ends
    reports = reporting(theirs)
    lines = Lines(1, LogStream.OUT, [(1.0, "text")])
    for _ in range(MOST_UNTAKEN):
        reports.send_lines(lines)
    reports.end()

    with pytest.raises(NobodyListens):
        reports.send_lines(lines)


def test_a_broken_connection_is_told_apart_from_every_other_error(ends):
    ours, theirs = ends
    ours.close()

    with pytest.raises(NobodyListens):
        reporting(theirs).send(Began(1, 1.0))


def test_an_executor_that_cannot_be_reached_yet_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    made = []
    start = WorkerStart("w", address, b"key")
    thread = threading.Thread(target=lambda: made.append(connect(start)), daemon=True)
    thread.start()
    with Listener(address, authkey=b"key") as listener, listener.accept() as theirs:
        thread.join(5)
        with made[0] as ours:
            ours.send(1)
            assert theirs.recv() == 1

    with pytest.raises(ConnectionRefusedError):
        connect(start, patience=timedelta())


def test_both_ends_prove_that_they_have_the_key():
    with Listener(("127.0.0.1", 0), authkey=b"key") as listener:
        start = WorkerStart("w", listener.address, b"key")
        made = []
        thread = threading.Thread(target=lambda: made.append(connect(start)), daemon=True)
        thread.start()
        with listener.accept() as theirs:
            thread.join()
            with made[0] as ours:
                ours.send(1)
                assert theirs.recv() == 1
