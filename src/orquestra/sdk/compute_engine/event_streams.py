"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), read."""

from collections.abc import Iterable, Iterator


def read_events(chunks: Iterable[bytes]) -> Iterator[str | None]:
    """The data of each event as it comes; None for a comment, by which a server shows its life."""
    data: list[str] = []
    for line in _lines(chunks):
        if line.startswith(b":"):
            yield None
        elif line.startswith(b"data:"):
            data.append(line.removeprefix(b"data:").removeprefix(b" ").decode())
        elif not line and data:
            yield "\n".join(data)
            data.clear()


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # Not httpx's lines: those also end at characters that JSON may hold, such as U+2028.
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
