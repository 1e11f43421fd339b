import time

import pytest

from orquestra.sdk.compute_engine.event_streams import ServerEvent, read_events


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_events_are_the_same_however_they_are_cut(size, end):
    lines = [
        b"event: progress",
        b"id: 7.0",
        b'data: {"a":',
        b"data:1}",
        b"",
        b": alive",
        b"",
        b"retry: 3",
        b"data: last",
        b"",
    ]
    stream = b"".join(line + end for line in lines)

    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]

    assert list(read_events(chunks)) == [
        ServerEvent("progress", "7.0", '{"a":\n1}'),
        ServerEvent("", "7.0", ""),
        ServerEvent("message", "7.0", "last"),
    ]


def test_an_event_ends_with_an_empty_line_only():
    text = "data: before\u2028after\x0b!"

    assert list(read_events([text.encode()])) == []
    assert list(read_events([f"{text}\n\n".encode()])) == [
        ServerEvent("message", "", "before\u2028after\x0b!")
    ]


def test_an_event_without_data_is_none():
    assert list(read_events([b"event: x\nid: 1\n\ndata: y\n\n"])) == [
        ServerEvent("message", "1", "y")
    ]


def test_the_time_that_an_event_takes_grows_with_its_length_only():
    data = b"x" * (8 << 20)
    pieces = (data[at : at + 1024] for at in range(0, len(data), 1024))
    start = time.process_time()

    (event,) = read_events([b"data: ", *pieces, b"\n\n"])

    assert len(event.data) == len(data)
    assert time.process_time() - start < 1
