"""Capturing what tasks write, at the level of file descriptors.

Standard output and standard error of a worker go to two files of the exchange as long as it lives,
so C code and child processes are captured too. Between two calls the files are empty: what a call
has written by its end is read then, and where it had children, a new pair of files begins, so that
one which it left behind does not write into the log of the next call. A call that writes nothing
costs nothing but a look at the size of the files. A file outlives its process: what a worker that
was killed wrote last is read from it by another process (`unread_lines`).
"""

import contextlib
import ctypes
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TextIO

from orquestra.executor import forks
from orquestra.executor.progress import ProgressNote
from orquestra.sdk.schema.cluster import LogStream

LONGEST_LINE = 64 * 1024
MOST_LINES = 1000
"""Lines that the sink is given at once."""
MOST_UNREAD_LINES = 4000
_MOST_UNREAD = 1 << 20
_READ_SIZE = 256 << 10
_LONG = 64 << 20
"""Bytes that were handed on and still take room on the disk."""
_DESCRIPTORS = {LogStream.OUT: 1, LogStream.ERR: 2}
_c = ctypes.CDLL(None, use_errno=True)
_flush_c = _c.fflush
_flush_c.argtypes = (ctypes.c_void_p,)
_punch = _c.fallocate
_punch.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_PUNCH_HOLE_KEEP_SIZE = 3

LineSink = Callable[[LogStream, list[tuple[float, str]]], None]
"""Takes lines of a stream, each with the time it was seen (Unix seconds)."""


def unread_lines(folder: Path, worker_id: str, *, stream: LogStream, start: int) -> tuple[str, ...]:
    """What a killed worker's last call wrote after `start`, an unfinished last line included.

    Of very much, it is the end: 4,000 lines, and 1 MiB.
    """
    try:
        with log_path(folder, worker_id, stream).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - _MOST_UNREAD))
            rest = file.read(_MOST_UNREAD)
    except FileNotFoundError:
        return ()
    lines = rest.removesuffix(b"\n").split(b"\n")[-MOST_UNREAD_LINES:]
    return tuple(map(_text, lines)) if rest else ()


class Capture:
    """Context: output of this process goes to the files, and from there to the sink.

    `hand_on` may be called by another thread than `begin` and `flush`, but not by two at a time.
    """

    def __init__(self, folder: Path, worker_id: str, *, note: ProgressNote, sink: LineSink) -> None:
        self._logs = {
            stream: _Log(log_path(folder, worker_id, stream), descriptor)
            for stream, descriptor in _DESCRIPTORS.items()
        }
        self._note = note
        self._sink = sink
        self._faults_of_children = 0
        self._forks = forks.count()
        self._saved: dict[int, int] = {}
        self._before: tuple[TextIO, TextIO] = (sys.stdout, sys.stderr)
        self._streams = (_text_stream(1), _text_stream(2))

    def __enter__(self) -> Self:
        _flush(sys.stdout, sys.stderr)
        self._before = (sys.stdout, sys.stderr)
        self._saved = {descriptor: os.dup(descriptor) for descriptor in _DESCRIPTORS.values()}
        for log in self._logs.values():
            log.open()
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        sys.stdout, sys.stderr = self._before
        for descriptor, saved in self._saved.items():
            os.dup2(saved, descriptor)
            os.close(saved)
        for log in self._logs.values():
            log.discard()

    def begin(self) -> None:
        """A call begins: mend what the one before may have done to its output."""
        for log in self._logs.values():
            log.attach()
        out, err = self._streams
        if out.closed or err.closed:
            self._streams = (_text_stream(1), _text_stream(2))
        # Ray's own stream objects may write elsewhere than to descriptors 1 and 2.
        sys.stdout, sys.stderr = self._streams

    def flush(self) -> None:
        """Let what is still in buffers of this process go to the files."""
        out, err = self._streams
        if sys.stdout is not out or sys.stderr is not err:
            _flush(sys.stdout, sys.stderr)
        _flush(out, err)

    def hand_on_some(self) -> bool:
        """Give the sink some whole lines of a call that runs; True: there are more.

        Not all there are: somebody may write faster than anybody can read.
        """
        more = False
        for stream, log in self._logs.items():
            if log.has_more():
                given = self._pass(stream, log.lines(end=log.size(), last=False))
                more |= given and log.has_more()
                log.shorten()
        return more

    def hand_on_rest(self) -> None:
        """Give the sink what the call had written when it ended, an unfinished line included."""
        written = [stream for stream, log in self._logs.items() if log.has_more()]
        for stream in written:
            log = self._logs[stream]
            # A child that was left behind may go on writing for ever.
            end = log.size()
            while self._pass(stream, log.lines(end=end, last=True)):
                pass
        if written or self._forks != forks.count():
            self._begin_again()

    def _pass(self, stream: LogStream, lines: tuple[str, ...]) -> bool:
        if not lines:
            return False
        now = time.time()
        self._sink(stream, [(now, line) for line in lines])
        self._note.hand_on(stream, self._logs[stream].position)
        return True

    def _begin_again(self) -> None:
        # C code has children without anybody's counting them. The page faults of a child are
        # counted once it has ended and was waited for.
        faults = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
        begun = forks.count()
        had_children = begun != self._forks or faults != self._faults_of_children or _has_children()
        self._forks = begun
        self._faults_of_children = faults
        for stream, log in self._logs.items():
            if had_children:
                log.renew()
            else:
                log.empty()
            self._note.hand_on(stream, log.position)


class _Log:
    """A file that takes what goes to a descriptor, and is read whole lines at a time."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._file = -1
        self._read = 0
        self._rest = b""
        self._punched = 0
        self.position = 0
        """Right after the last line that was given out."""

    def open(self) -> None:
        """Begin an empty file."""
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o666)
        os.fchmod(self._file, 0o666)  # the executor may be another user

    def attach(self) -> None:
        """Let writes to the descriptor go to the file."""
        os.dup2(self._file, self._descriptor)

    def size(self) -> int:
        """How many bytes have been written."""
        return os.fstat(self._file).st_size

    def has_more(self) -> bool:
        """Whether something has been written and not been given out."""
        return self.size() > self.position

    def lines(self, *, end: int, last: bool) -> tuple[str, ...]:
        """Some lines that have been written before `end` and not been given out."""
        # What was read before is given out first, or it would be copied again at every call.
        block = self._rest
        if b"\n" not in block and end > self._read:
            # No more than there is, since a large buffer costs more than a short line.
            found = os.pread(self._file, min(end - self._read, _READ_SIZE), self._read)
            self._read += len(found)
            block += found
        *lines, unfinished = block.split(b"\n", MOST_LINES)
        self._rest = unfinished
        self.position += len(block) - len(unfinished)
        if unfinished and not lines and (last or len(unfinished) >= LONGEST_LINE):
            self._rest = b""
            self.position += len(unfinished)
            lines = [unfinished]
        return tuple(map(_text, lines))

    def shorten(self) -> None:
        """Give back the disk's room for what was given out of a very long log; offsets stay."""
        if self.position - self._punched >= _LONG:
            # A file system that cannot do it keeps the room until the call ends.
            _punch(self._file, _PUNCH_HOLE_KEEP_SIZE, 0, self.position)
            self._punched = self.position

    def empty(self) -> None:
        """Go on with the same file, from its beginning."""
        os.ftruncate(self._file, 0)
        self._start()

    def _start(self) -> None:
        self._read = self.position = self._punched = 0
        self._rest = b""

    def renew(self) -> None:
        """Go on with a new file; what others still write to the old one is lost."""
        old = self._file
        # On a full disk the old file has to do.
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
            self.open()
            self.attach()
            os.close(old)
            self._start()

    def discard(self) -> None:
        """Delete the file."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)


def log_path(folder: Path, worker_id: str, stream: LogStream) -> Path:
    """The file of what a worker writes to a stream."""
    return folder / f"{worker_id}.{stream.value}"


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _text(line: bytes) -> str:
    return line[:LONGEST_LINE].rstrip(b"\r").decode(errors="replace")


def _text_stream(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


def _flush(*streams: TextIO) -> None:
    for stream in streams:
        # A task may have closed or replaced them; its worker must go on for the next one.
        with contextlib.suppress(Exception):
            stream.flush()
    _flush_c(None)  # C code has buffers of its own
