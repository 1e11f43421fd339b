"""The exchange: writing values, finding them again."""

import errno
import os
import stat
from dataclasses import dataclass

import numpy as np
import pytest

from orquestra.executor import exchange as module
from orquestra.executor.exchange import LARGE, Exchange, encode
from orquestra.sdk.schema.cluster import Location, ValueFormat
from orquestra.sdk.schema.workflow_run import WorkflowRunId

RUN = WorkflowRunId("run-1")


@dataclass
class Thing:
    number: int


def put(writer, value):
    return writer.write(encode(value))


@pytest.fixture
def exchange(tmp_path):
    made = Exchange(tmp_path)
    yield made
    made.forget(RUN)


@pytest.fixture
def writer(exchange):
    made = exchange.writer(RUN, "w1")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": (1, None)}, ValueFormat.JSON),
        (Thing(5), ValueFormat.ENCODED_PICKLE),
        (b"bytes", ValueFormat.ENCODED_PICKLE),
        ("x" * LARGE, ValueFormat.JSON),
        (b"x" * LARGE, ValueFormat.ENCODED_PICKLE),
    ],
)
def test_a_value_comes_back_in_the_format_that_loses_nothing(exchange, writer, value, expected):
    location = put(writer, value)
    writer.flush()

    assert location.format is expected
    assert exchange.read(location) == value


def test_small_values_share_a_file_large_ones_have_their_own(writer):
    small = [put(writer, number) for number in range(3)]
    large = put(writer, np.zeros(LARGE))

    assert {location.file for location in small} == {"run-1.w1.1"}
    assert [location.offset for location in small] == [0, 1, 2]
    assert (large.file, large.offset) == ("run-1.w1.2", 0)


@pytest.mark.parametrize("count", [LARGE // 16, LARGE])
def test_arrays_come_back_writable_and_private(exchange, writer, count):
    put(writer, "something before it")
    location = put(writer, [np.arange(count)])
    writer.flush()

    (first,) = exchange.read(location)
    first[0] = 99
    (second,) = exchange.read(location)

    assert location.format is ValueFormat.BUFFERED_PICKLE
    assert second[0] == 0
    np.testing.assert_array_equal(second, np.arange(count))


def test_a_value_changed_after_it_was_put_is_stored_as_it_was(exchange, writer):
    array = np.zeros(LARGE // 16)
    location = put(writer, array)
    array[0] = 5
    writer.flush()

    assert exchange.read(location)[0] == 0


def test_what_is_not_flushed_only_the_writer_has(exchange, writer):
    flushed = put(writer, 1)
    writer.flush()
    pending = put(writer, [2])

    assert writer.pending(flushed) is None
    assert writer.pending(pending) == b"[2]"
    with pytest.raises(OSError, match=r"run-1\.w1\.1 ends before 4 bytes"):
        exchange.read(pending)


def test_files_can_be_read_by_all_whatever_the_umask(writer, tmp_path):
    before = os.umask(0o077)
    try:
        files = {put(writer, 0).file, put(writer, np.zeros(LARGE)).file}
    finally:
        os.umask(before)

    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in files} == {0o666}


def test_a_full_segment_is_followed_by_another(exchange, writer, monkeypatch):
    monkeypatch.setattr(module, "SEGMENT_SIZE", 10)

    locations = []
    for _ in range(3):
        locations.append(put(writer, "12345678"))
        writer.flush()

    assert [location.file for location in locations] == ["run-1.w1.1", "run-1.w1.2", "run-1.w1.3"]
    assert [exchange.read(location) for location in locations] == ["12345678"] * 3


def test_after_a_full_disk_values_go_to_a_new_file(exchange, writer, monkeypatch):
    def full(descriptor, data):
        write(descriptor, data[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write = os.write
    safe = put(writer, "safe")
    writer.flush()
    lost = put(writer, "lost")
    monkeypatch.setattr(os, "write", full)
    writer.flush()
    with pytest.raises(OSError, match="No space left"):
        put(writer, np.zeros(LARGE))
    monkeypatch.undo()

    location = put(writer, "kept")
    writer.flush()

    assert exchange.read(location) == "kept"
    assert "No space left" in str(writer.lost(lost))
    assert (writer.lost(safe), writer.lost(location)) == (None, None)


def test_many_files_are_not_all_held_open(exchange, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_OPEN", 2)
    writers = [exchange.writer(RUN, f"w{number}") for number in range(5)]
    locations = [put(writer, number) for number, writer in enumerate(writers)]
    for writer in writers:
        writer.flush()
        writer.close()

    assert [exchange.read(location) for location in locations * 2] == [*range(5)] * 2
    assert len(exchange._open) == 2


def test_the_files_of_a_run_that_is_over_are_closed_those_of_others_not(exchange, writer):
    other = exchange.writer(WorkflowRunId("run-12"), "w1")
    for location in (put(writer, 1), put(other, 2)):
        writer.flush()
        other.flush()
        exchange.read(location)
    other.close()

    exchange.forget(RUN)

    assert list(exchange._open) == ["run-12.w1.1"]
    exchange.forget(WorkflowRunId("run-12"))


@pytest.mark.parametrize("size", [1, LARGE])
def test_a_pipe_in_place_of_a_file_is_no_value(exchange, tmp_path, size):
    os.mkfifo(tmp_path / "run-1.w1.1")

    with pytest.raises(OSError, match="no regular file"):
        exchange.read(Location("run-1.w1.1", 0, size, ValueFormat.JSON))


def test_what_cannot_be_pickled_is_told_without_our_own_trouble_with_it():
    with pytest.raises(TypeError, match="generator") as caught:
        encode(each for each in ())

    assert caught.value.__context__ is None
