"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), read."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class ServerEvent(NamedTuple):
    """One event; `id` is the last that the server has given, and empty before.

    A comment, by which a server shows its life, is one of no kind and without data.
    """

    kind: str
    id: str
    data: str


def read_events(chunks: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Each event as it comes, and each comment."""
    kind, identifier, data = "", "", list[str]()
    for line in _lines(chunks):
        if not line:
            if data:
                yield ServerEvent(kind or "message", identifier, "\n".join(data))
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not name:
            yield ServerEvent("", identifier, "")
        elif name == "event":
            kind = value
        elif name == "id":
            identifier = value
        elif name == "data":
            data.append(value)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    # Not httpx's lines: those also end at characters that JSON may hold, such as U+2028.
    begun: list[bytes] = []  # in pieces: one event may be of many megabytes
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield b"".join([*begun, end]).removesuffix(b"\r").decode()
            begun.clear()
        begun.append(rest)
