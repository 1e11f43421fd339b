"""Log lines in files, one file a source, one JSON array a line, and in which order they came."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from orquestra.engine.logs import line_files
from orquestra.engine.logs.arrivals import Arrivals, Batch
from orquestra.engine.streams.changes import RunChanges
from orquestra.sdk.schema.cluster import LogKind, LogLine, LogLines, LogStream
from orquestra.sdk.schema.workflow_run import WorkflowRunId

logger = logging.getLogger(__name__)

_Found = TypeVar("_Found")
_READERS = 4


@dataclass(frozen=True, kw_only=True)
class StoredLine:
    """One line of output. `node_id` is set where the source knows its node."""

    at: float
    stream: LogStream
    node_id: str | None
    text: str


class LogStorage:
    """Appends and reads the lines of runs.

    Files: `<run>/<kind>.jsonl`, and `<run>/task/<SHA-256 of the invocation's id>.jsonl`, because
    an id may be longer than the name of a file; and `<run>/arrivals`.

    `changes` tells those who follow the lines of a run that there are more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.changes = RunChanges()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="logs")

    async def aside(self, read: Callable[[], _Found]) -> _Found:
        """Read in one of a few threads for that: long logs hold up nobody but other readers."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    def append(self, lines: LogLines) -> None:
        """Add lines to the file of their source; raises `OSError` where it cannot be written."""
        path = self._path(lines.run_id, lines.kind, invocation_id=lines.invocation_id)
        written = line_files.append(path, "".join(_encoded(lines)).encode())
        self.arrivals(lines.run_id).add(
            Batch(
                kind=lines.kind,
                invocation_id=lines.invocation_id,
                offset=written.start,
                size=len(written),
            )
        )
        self.changes.announce(lines.run_id)

    def arrivals(self, run_id: str) -> Arrivals:
        """In which order the lines of a run came."""
        return Arrivals(self._run_folder(run_id) / "arrivals")

    def read(
        self, run_id: str, kind: LogKind, *, invocation_id: str | None = None
    ) -> Iterator[StoredLine]:
        """All lines of one source in the order they came; none where there is no file."""
        path = self._path(run_id, kind, invocation_id=invocation_id)
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                stored = _decoded(line)
                if stored:
                    yield stored

    def read_batch(
        self, run_id: str, batch: Batch, *, start: int = 0
    ) -> Iterator[tuple[int, StoredLine]]:
        """The lines of a batch from its byte `start` on, each with the byte after it.

        Of a log that is not there any more, none.
        """
        path = self._path(run_id, batch.kind, invocation_id=batch.invocation_id)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(batch.offset + start)
            while start < batch.size and (line := file.readline()):
                start += len(line)
                stored = _decoded(line)
                if stored:
                    yield start, stored

    def note(self, run_id: str, text: str, *, at: float) -> None:
        """Write something of the engine's own into the system log of a run."""
        self.append(
            LogLines(
                run_id=WorkflowRunId(run_id),
                kind=LogKind.SYSTEM,
                stream=LogStream.OUT,
                lines=[LogLine(at=at, text=line) for line in text.splitlines()],
            )
        )

    def report_lost(self, run_id: str, error: OSError) -> None:
        """Say in the engine's own log that lines of a run could not be written."""
        logger.warning(
            "run %s: a log could not be written: %s", run_id, error, extra={"event": "log_lost"}
        )

    def _path(self, run_id: str, kind: LogKind, *, invocation_id: str | None) -> Path:
        folder = self._run_folder(run_id)
        if kind is LogKind.TASK and invocation_id:
            return folder / "task" / f"{hashlib.sha256(invocation_id.encode()).hexdigest()}.jsonl"
        return folder / f"{kind.value}.jsonl"

    def _run_folder(self, run_id: str) -> Path:
        return self._folder / quote(run_id, safe="")


def _encoded(lines: LogLines) -> Iterable[str]:
    for line in lines.lines:
        yield json.dumps([line.at, lines.stream.value, lines.node_id, line.text]) + "\n"


def _decoded(line: bytes) -> StoredLine | None:
    """A line, or None for half a one; only a line with its end is sure to be whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        at, stream, node_id, text = json.loads(line)
        return StoredLine(at=at, stream=LogStream(stream), node_id=node_id, text=text)
    except (ValueError, TypeError):
        return None
