"""The archive in which logs are handed out: a gzip-compressed tar with one file, `step-logs`.

Each line of that file is a JSON array of events `[unix time, message]`; the shape is the one that
the published client reads (its platform's log shipper wrote it).
"""

import json
import tarfile
from collections.abc import Iterable, Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

Event = tuple[float, dict[str, Any]]
_EVENTS_PER_LINE = 500
_IN_MEMORY = 2**20


def archive(events: Iterable[Event]) -> IO[bytes]:
    """Pack events into an archive, at its beginning; no events give an empty file in it.

    What is larger than a few lines lies on disk until the archive is closed, not in memory.
    """
    packed = _temporary_file()
    with _temporary_file() as content, tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for section in _sections(iter(events)):
            content.write(json.dumps(section).encode() + b"\n")
        member = tarfile.TarInfo("step-logs")
        member.size = content.tell()
        content.seek(0)
        tar.addfile(member, content)
    packed.seek(0)
    return packed


def _temporary_file() -> IO[bytes]:
    return cast("IO[bytes]", SpooledTemporaryFile(max_size=_IN_MEMORY))


def _sections(events: Iterator[Event]) -> Iterator[list[Event]]:
    while section := list(islice(events, _EVENTS_PER_LINE)):
        yield section
