"""The exchange: the folder through which values go from one task to the next, and to the engine.

Head, nodes and engine of a cluster share it. A worker writes what its tasks return: small values
one after another into a *segment*, a file per run and worker, and each large value into a file of
its own. What has been written never changes, so readers need no locks. They map large arrays
copy-on-write: no bytes are copied, and a task may still write into its own view.
"""

import json
import mmap
import os
import pickle
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from orquestra.sdk import buffered_pickles
from orquestra.sdk.buffered_pickles import BufferedPickle
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location, ValueFormat
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from orquestra.sdk.values import (
    SerializedValue,
    as_json,
    deserialize,
)

LARGE = 1 << 20
"""Bytes from which on a value gets a file of its own."""
SEGMENT_SIZE = 64 << 20
"""A segment takes no more values once it has so many bytes."""

_MOST_OPEN = 256
_FOR_ALL = 0o666
"""Engine, head and nodes may be different users; the folder above keeps everybody else out."""

_Part = bytes | memoryview


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A value as it is written."""

    format: ValueFormat
    parts: tuple[_Part, ...]
    size: int


def encode(value: Any) -> Encoded:
    """Turn a value into bytes: JSON where nothing is lost, else a pickle.

    Raises whatever the value's own pickling raises, mostly `TypeError` or `PicklingError`.
    """
    try:
        text = json.dumps(as_json(value)).encode()
    except (TypeError, ValueError, RecursionError):
        text = None  # pickled below: in a traceback of the user's pickling this were a riddle
    if text is None:
        return _encode_pickle(buffered_pickles.dump(value))
    return Encoded(format=ValueFormat.JSON, parts=(text,), size=len(text))


def _encode_pickle(made: BufferedPickle) -> Encoded:
    if not made.buffers:
        data = made.pickle
        return Encoded(format=ValueFormat.ENCODED_PICKLE, parts=(data,), size=len(data))
    return Encoded(format=ValueFormat.BUFFERED_PICKLE, parts=tuple(made.parts()), size=made.size())


class SegmentWriter:
    """Writes the values of one run on one worker. Its methods may be called from any thread."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._paths = (folder / f"{prefix}.{number}" for number in count(1))
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._descriptor = -1
        self._written = 0
        self._pending = bytearray()
        self._lost: dict[str, tuple[int, OSError]] = {}
        """Files that are incomplete: from where on, and why."""

    def write(self, encoded: Encoded) -> Location:
        """Take a value. A large one is in its file now, others are after the next `flush`.

        Raises:
            OSError: it could not be written, for instance since the disk is full.
        """
        with self._lock:
            if encoded.size >= LARGE:
                return self._write_large(encoded)
            path = self._segment()
            offset = self._written + len(self._pending)
            for part in encoded.parts:
                self._pending += part
            return Location(path.name, offset, encoded.size, encoded.format)

    def flush(self) -> None:
        """Let others see all values that were taken.

        Those that could not be written are lost.
        """
        with self._lock:
            self._flush()
            if self._written >= SEGMENT_SIZE:
                self._close()

    def lost(self, location: Location) -> OSError | None:
        """Why a value that was taken can never be read, if that is so."""
        start, error = self._lost.get(location.file, (0, None))
        return error if location.offset + location.size > start else None

    def pending(self, location: Location) -> bytes | None:
        """The bytes of a value that only this object has yet."""
        with self._lock:
            start = location.offset - self._written
            if self._path is None or location.file != self._path.name or start < 0:
                return None
            return bytes(self._pending[start : start + location.size])

    def close(self) -> None:
        """Close the segment. What was not flushed is lost."""
        with self._lock:
            self._close()

    def _segment(self) -> Path:
        if self._path is None:
            path = next(self._paths)
            self._descriptor = _create(path)
            self._path = path
        return self._path

    def _write_large(self, encoded: Encoded) -> Location:
        path = next(self._paths)
        descriptor = _create(path)
        try:
            _write_all(descriptor, encoded.parts)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        return Location(path.name, 0, encoded.size, encoded.format)

    def _flush(self) -> None:
        if not self._pending:
            return
        try:
            _write_all(self._descriptor, (self._pending,))
        except OSError as error:
            assert self._path
            self._lost[self._path.name] = self._written, error
            self._close()  # it may hold half a value: the next one begins a new segment
            return
        self._written += len(self._pending)
        self._pending = bytearray()

    def _close(self) -> None:
        if self._path:
            os.close(self._descriptor)
        self._path = None
        self._written = 0
        self._pending = bytearray()


class Exchange:
    """The exchange as one process sees it. Not for use by several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[str, int] = OrderedDict()

    def writer(self, run_id: WorkflowRunId, worker_id: str) -> SegmentWriter:
        """What writes the values that a worker makes for a run."""
        return SegmentWriter(self._folder, f"{run_id}.{worker_id}")

    def read(self, location: Location) -> Any:
        """Read a value. Pickles run code: do this only where the value is used.

        Raises:
            OSError: the value is not there.
        """
        if location.size < LARGE:
            return decode(location.format, self._read_bytes(location))
        with _opened(self._folder / location.file) as descriptor:
            return _read_large(descriptor, location)

    def forget(self, run_id: WorkflowRunId) -> None:
        """Close the files of a run."""
        for name in [name for name in self._open if name.startswith(f"{run_id}.")]:
            os.close(self._open.pop(name))

    def _read_bytes(self, location: Location) -> bytes:
        descriptor = self._descriptor(location.file)
        data = os.pread(descriptor, location.size, location.offset)
        if len(data) != location.size:
            raise _cut_short(location)
        return data

    def _descriptor(self, name: str) -> int:
        if name in self._open:
            self._open.move_to_end(name)
            return self._open[name]
        descriptor = open_file(self._folder / name)
        self._open[name] = descriptor
        if len(self._open) > _MOST_OPEN:
            _, oldest = self._open.popitem(last=False)
            os.close(oldest)
        return descriptor


def decode(value_format: ValueFormat, data: bytes) -> Any:
    """Turn the bytes of a value back into it."""
    if value_format is ValueFormat.BUFFERED_PICKLE:
        return buffered_pickles.load(memoryview(bytearray(data)))
    plain = ir.ArtifactFormat(value_format.value)
    return deserialize(SerializedValue(format=plain, data=data))


def _read_large(descriptor: int, location: Location) -> Any:
    start = location.offset - location.offset % mmap.ALLOCATIONGRANULARITY
    end = location.offset + location.size
    if os.fstat(descriptor).st_size < end:
        raise _cut_short(location)
    pages = mmap.mmap(descriptor, end - start, access=mmap.ACCESS_COPY, offset=start)
    data = memoryview(pages)[location.offset - start :]
    if location.format is ValueFormat.BUFFERED_PICKLE:
        return buffered_pickles.load(data)
    if location.format is ValueFormat.ENCODED_PICKLE:
        return pickle.loads(data)
    return decode(location.format, bytes(data))


def _cut_short(location: Location) -> OSError:
    return OSError(f"{location.file} ends before {location.offset + location.size} bytes")


def _create(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(path, flags, _FOR_ALL)
    os.fchmod(descriptor, _FOR_ALL)  # whatever the umask says
    return descriptor


def open_file(path: Path) -> int:
    """Open a file of the exchange to read it; gives its descriptor.

    Whatever a task has put there, no link is followed and no pipe waited for.

    Raises:
        OSError: it is not there, or no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path.name} is no regular file")
    return descriptor


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = open_file(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, parts: Iterable[_Part | bytearray]) -> None:
    for part in parts:
        with memoryview(part) as view:
            written = 0
            while written < view.nbytes:
                written += os.write(descriptor, view[written:])
