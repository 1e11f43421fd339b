"""In which order the lines of a run came, whatever their source: what followers read.

The arrivals of a run are a file beside its logs. Each line of it is one batch of lines: where they
lie in which log. It is written after the batch, so what it names is there. A follower is at a
`Position`, which means the same in the next engine; it has no file open while it waits.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from orquestra.engine.errors import BadRequest
from orquestra.engine.logs import line_files
from orquestra.sdk.schema.cluster import LogKind

_POSITION = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")


class Position(NamedTuple):
    """Up to where a follower has read: the bytes of the arrivals, and of the batch that is next."""

    entry: int
    byte: int

    def __str__(self) -> str:
        return f"{self.entry}.{self.byte}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position of an event, from its id.

        Raises:
            BadRequest: The text is none.
        """
        found = _POSITION.fullmatch(text)
        if found is None:
            raise BadRequest(
                f"{text[:50]!r} is no place in a stream of log lines. Give the id of an event of "
                "the same run, or none for all lines."
            )
        return cls(*map(int, found.groups()))


START = Position(0, 0)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Lines that came together: `size` bytes at `offset` of the log of their source."""

    kind: LogKind
    invocation_id: str | None
    offset: int
    size: int


class Entry(NamedTuple):
    """A batch, or None for half a one, and which bytes of the arrivals say so."""

    start: int
    end: int
    batch: Batch | None


class Arrivals:
    """The arrivals of one run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, batch: Batch) -> None:
        """Note a batch that has been written; raises `OSError` where that fails."""
        told = [batch.kind.value, batch.invocation_id, batch.offset, batch.size]
        line_files.append(self._path, json.dumps(told).encode() + b"\n")

    def read(self, start: int) -> Iterator[Entry]:
        """The entries from a place on, as far as they are whole."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                yield Entry(start, start + len(line), _decoded(line))
                start += len(line)

    def check(self, position: Position) -> None:
        """Make sure that a position is one of these arrivals.

        Raises:
            BadRequest: It is not.
        """
        if position != START and not self._has(position):
            raise BadRequest(
                f"{position} is no place in the log lines of this run. Give the id of an event of "
                "the same run, or none for all lines."
            )

    def _has(self, position: Position) -> bool:
        if position.entry and not self._ends_a_line(position.entry):
            return False
        entry = next(self.read(position.entry), None)
        return position.byte <= (entry.batch.size if entry and entry.batch else 0)

    def _ends_a_line(self, place: int) -> bool:
        try:
            with self._path.open("rb") as file:
                file.seek(place - 1)
                return file.read(1) == b"\n"
        except FileNotFoundError:
            return False


def _decoded(line: bytes) -> Batch | None:
    try:
        kind, invocation_id, offset, size = json.loads(line)
        return Batch(kind=LogKind(kind), invocation_id=invocation_id, offset=offset, size=size)
    except (ValueError, TypeError):
        return None
