"""What a worker notes about the call it runs, for whoever looks after it was killed.

The note is a small file of the exchange that the worker has mapped into its memory: writing it
costs less than a microsecond, and it outlives the process.
"""

import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from orquestra.executor.errors import NoRoom
from orquestra.sdk.schema.cluster import LogStream

_NOTE = struct.Struct("<QdQQQ")
_CALL = struct.Struct("<Qd")
_NUMBER = struct.Struct("<Q")
_KILLS_AT = _CALL.size
_HANDED_ON_AT = {
    LogStream.OUT: _KILLS_AT + _NUMBER.size,
    LogStream.ERR: _KILLS_AT + 2 * _NUMBER.size,
}
_NOT_RUNNING = 0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a worker had come.

    `number` and `started_at` are those of the call that ran, None between calls. `handed_on` says
    up to which offset of its logs lines have been told. `oom_kills` is how often its node had
    been out of memory when the worker, or its last long call, began.
    """

    number: int | None
    started_at: float | None
    handed_on: dict[LogStream, int]
    oom_kills: int


class ProgressNote:
    """The note, as the worker writes it."""

    def __init__(self, folder: Path, worker_id: str) -> None:
        """Begin a note.

        Raises:
            NoRoom: the disk is full.
        """
        self._path = note_path(folder, worker_id)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o666)
        try:
            os.fchmod(descriptor, 0o666)  # the executor may be another user
            # Without room on the disk, a write to its pages would end the process by a signal.
            os.posix_fallocate(descriptor, 0, _NOTE.size)
            self._pages = mmap.mmap(descriptor, _NOTE.size)
        except OSError as error:
            raise NoRoom(
                f"The exchange takes no more files: {error.strerror}. Make room on the disk that "
                "holds the engine's data folder, and run the workflow again."
            ) from error
        finally:
            os.close(descriptor)

    def begin(self, number: int, started_at: float) -> None:
        """A call begins."""
        _CALL.pack_into(self._pages, 0, number, started_at)

    def end(self) -> None:
        """The call has ended."""
        _NUMBER.pack_into(self._pages, 0, _NOT_RUNNING)

    def hand_on(self, stream: LogStream, offset: int) -> None:
        """Lines up to an offset of a log have been told."""
        _NUMBER.pack_into(self._pages, _HANDED_ON_AT[stream], offset)

    def count_kills(self, oom_kills: int) -> None:
        """How often the node has been out of memory so far."""
        _NUMBER.pack_into(self._pages, _KILLS_AT, oom_kills)

    def close(self) -> None:
        """Take the note away: the worker ends as it should."""
        self._pages.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_progress(folder: Path, worker_id: str) -> Progress | None:
    """How far a worker had come; None if it had not begun, or has ended as it should."""
    try:
        data = note_path(folder, worker_id).read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < _NOTE.size:
        return None
    number, started_at, oom_kills, out, err = _NOTE.unpack_from(data)
    runs = number != _NOT_RUNNING
    return Progress(
        number=number if runs else None,
        started_at=started_at if runs else None,
        handed_on={LogStream.OUT: out, LogStream.ERR: err},
        oom_kills=oom_kills,
    )


def note_path(folder: Path, worker_id: str) -> Path:
    """The file of a worker's note."""
    return folder / f"{worker_id}.progress"
