import pytest

from orquestra.sdk.compute_engine.event_streams import read_events


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_events_are_the_same_however_they_are_cut(size, end):
    lines = [
        b"event: progress",
        b'data: {"a":',
        b"data:1}",
        b"",
        b": alive",
        b"",
        b"data: last",
        b"",
    ]
    stream = b"".join(line + end for line in lines)

    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]

    assert list(read_events(chunks)) == ['{"a":\n1}', None, "last"]


def test_an_event_ends_with_an_empty_line_only():
    text = "data: before\u2028after\x0b!"

    assert list(read_events([text.encode()])) == []
    assert list(read_events([f"{text}\n\n".encode()])) == ["before\u2028after\x0b!"]
