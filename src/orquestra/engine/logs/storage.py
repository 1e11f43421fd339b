"""Log lines in files, one file a source, one JSON array a line."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from orquestra.sdk.schema.cluster import LogKind, LogLine, LogLines, LogStream


@dataclass(frozen=True, kw_only=True)
class StoredLine:
    """One line of output. `node_id` is set where the source knows its node."""

    at: float
    stream: LogStream
    node_id: str | None
    text: str


class LogStorage:
    """Appends and reads the lines of runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, run_id: str, lines: LogLines) -> None:
        """Add lines to the file of their source."""
        path = self._path(run_id, lines.kind, invocation_id=lines.invocation_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(_encoded(lines))

    def read(
        self, run_id: str, kind: LogKind, *, invocation_id: str | None = None
    ) -> Iterator[StoredLine]:
        """All lines of one source in the order they came; none where there is no file."""
        path = self._path(run_id, kind, invocation_id=invocation_id)
        if not path.exists():
            return
        with path.open(encoding="utf-8") as file:
            for line in file:
                at, stream, node_id, text = json.loads(line)
                yield StoredLine(at=at, stream=LogStream(stream), node_id=node_id, text=text)

    def note(self, run_id: str, text: str, *, at: float) -> None:
        """Write something of the engine's own into the system log of a run."""
        lines = [LogLine(at=at, text=line) for line in text.splitlines()]
        self.append(run_id, LogLines(kind=LogKind.SYSTEM, stream=LogStream.OUT, lines=lines))

    def _path(self, run_id: str, kind: LogKind, *, invocation_id: str | None) -> Path:
        folder = self._folder / quote(run_id, safe="")
        if kind is LogKind.TASK and invocation_id:
            return folder / "task" / f"{quote(invocation_id, safe='')}.jsonl"
        return folder / f"{kind.value}.jsonl"


def _encoded(lines: LogLines) -> Iterable[str]:
    for line in lines.lines:
        yield json.dumps([line.at, lines.stream.value, lines.node_id, line.text]) + "\n"
