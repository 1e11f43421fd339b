"""Log lines in files, one file a source, one JSON array a line.

A batch is one write at the end of its file, so lines of two writers never mix. A writer that was
killed, or had no room left, leaves half a line: whoever appends next ends it, and readers skip it.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from orquestra.sdk.schema.cluster import LogKind, LogLine, LogLines, LogStream
from orquestra.sdk.schema.workflow_run import WorkflowRunId

logger = logging.getLogger(__name__)


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
    an id may be longer than the name of a file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, lines: LogLines) -> None:
        """Add lines to the file of their source; raises `OSError` where it cannot be written."""
        path = self._path(lines.run_id, lines.kind, invocation_id=lines.invocation_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _write(descriptor, "".join(_encoded(lines)).encode())
        finally:
            os.close(descriptor)

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
        folder = self._folder / quote(run_id, safe="")
        if kind is LogKind.TASK and invocation_id:
            return folder / "task" / f"{hashlib.sha256(invocation_id.encode()).hexdigest()}.jsonl"
        return folder / f"{kind.value}.jsonl"


def _write(descriptor: int, content: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        content = b"\n" + content
    while content:  # once, unless the disk is full: then the next write says so
        content = content[os.write(descriptor, content) :]


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
