"""The archive in which logs are handed out: a gzip-compressed tar with one file, `step-logs`.

Each line of that file is a JSON array of events `[unix time, message]`; the shape is the one that
the published client reads (its platform's log shipper wrote it).
"""

import io
import json
import tarfile
from collections.abc import Iterable
from typing import Any

Event = tuple[float, dict[str, Any]]
_EVENTS_PER_LINE = 500


def archive(events: Iterable[Event]) -> bytes:
    """Pack events into an archive; none give an empty file in it."""
    content = "".join(f"{json.dumps(section)}\n" for section in _sections(list(events))).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("step-logs")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _sections(events: list[Event]) -> Iterable[list[Event]]:
    for start in range(0, len(events), _EVENTS_PER_LINE):
        yield events[start : start + _EVENTS_PER_LINE]
