"""Capturing what a task writes, at the level of file descriptors.

Standard output and standard error of the whole process go to two files while a task runs, so C
code and child processes are captured too. A thread follows the files and hands on whole lines
while the task runs. A file outlives its process: of a worker that was killed, what it wrote last
is read from the file by another process of the node (`unread_lines`).
"""

import contextlib
import ctypes
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import LogStream

INTERVAL = timedelta(milliseconds=100)
LONGEST_LINE = 64 * 1024
_MOST_LINES = 1000
_READ_SIZE = 1 << 20
_DESCRIPTORS = {LogStream.OUT: 1, LogStream.ERR: 2}

LineSink = Callable[[LogStream, tuple[str, ...], int], None]
"""Takes lines of a stream, and the place in its file right after them."""


def log_path(
    invocation_id: ir.TaskInvocationId,
    attempt: int,
    stream: LogStream,
    *,
    folder: Path | None = None,
) -> Path:
    """The file of one stream of one attempt; the same for all processes of a node."""
    parent = folder or Path(tempfile.gettempdir()) / "orquestra-logs"
    # An id is cut by the SDK at 128 characters, so this is a legal file name.
    return parent / f"{invocation_id}.{attempt}.{stream.value}"


def unread_lines(path: Path, start: int) -> tuple[str, ...]:
    """All lines of a file after `start`, an unfinished last one included."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            rest = file.read()
    except FileNotFoundError:
        return ()
    return tuple(map(_text, rest.removesuffix(b"\n").split(b"\n"))) if rest else ()


class Capture:
    """Context: output of this process goes to the files, and from there to the sink."""

    def __init__(self, paths: Mapping[LogStream, Path], *, sink: LineSink) -> None:
        self._files = {stream: _FollowedFile(path) for stream, path in paths.items()}
        self._sink = sink
        self._stop = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="log-follower", daemon=True)
        self._saved: dict[LogStream, int] = {}
        self._python_streams: tuple[TextIO, TextIO] = (sys.stdout, sys.stderr)

    def __enter__(self) -> Self:
        _flush_all()
        self._python_streams = (sys.stdout, sys.stderr)
        for stream, file in self._files.items():
            self._saved[stream] = os.dup(_DESCRIPTORS[stream])
            file.attach(_DESCRIPTORS[stream])
        # Ray's own stream objects may write elsewhere than to descriptors 1 and 2.
        sys.stdout, sys.stderr = _text_stream(1), _text_stream(2)
        self._follower.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _flush_all()
        sys.stdout, sys.stderr = self._python_streams
        for stream, saved in self._saved.items():
            os.dup2(saved, _DESCRIPTORS[stream])
            os.close(saved)
        self._stop.set()
        self._follower.join()
        for file in self._files.values():
            file.discard()

    def _follow(self) -> None:
        while not self._stop.wait(INTERVAL.total_seconds()):
            self._hand_on(last=False)
        self._hand_on(last=True)

    def _hand_on(self, *, last: bool) -> None:
        for stream, file in self._files.items():
            while lines := file.lines(last=last):
                self._sink(stream, lines, file.position)


class _FollowedFile:
    """A file that one process writes and this object reads, whole lines at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._rest = b""
        self._lines: list[str] = []
        self.position = 0
        """Right after the last line that was given out."""
        self._reader: io.BufferedReader | None = None

    def attach(self, descriptor: int) -> None:
        """Let writes to a descriptor go to the file."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        file = os.open(self._path, flags, mode=0o600)
        os.dup2(file, descriptor)
        os.close(file)
        self._reader = self._path.open("rb")

    def lines(self, *, last: bool) -> tuple[str, ...]:
        """Some lines that have been written and not been given out."""
        assert self._reader
        # What was read before is given out first, or it would be copied again at every call.
        whole = b"\n" in self._rest
        block = self._rest if whole else self._rest + self._reader.read(_READ_SIZE)
        *lines, unfinished = block.split(b"\n", _MOST_LINES)
        self._rest = unfinished
        self.position += len(block) - len(unfinished)
        if unfinished and not lines and (last or len(unfinished) >= LONGEST_LINE):
            self._rest = b""
            self.position += len(unfinished)
            lines = [unfinished]
        return tuple(map(_text, lines))

    def discard(self) -> None:
        """Delete the file; what is written to it later is lost."""
        if self._reader:
            self._reader.close()
        self._path.unlink(missing_ok=True)


def _text(line: bytes) -> str:
    return line[:LONGEST_LINE].rstrip(b"\r").decode(errors="replace")


def _text_stream(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


def _flush_all() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A task may have closed or replaced them; its worker must go on for the next one.
        with contextlib.suppress(Exception):
            stream.flush()
    # C code has buffers of its own.
    ctypes.CDLL(None).fflush(None)
