"""Pickles whose large buffers lie beside them: arrays are stored and read without a copy.

A value in this form, `BUFFERED_PICKLE` on the wire, is

    head      magic, size of the pickle, number of buffers;
              then offset, size and read-only flag of each buffer
    pickle    protocol 5, with its large buffers out of band (PEP 574)
    buffers   each at a multiple of 64 bytes

Numbers have 8 bytes, little-endian; offsets count from the beginning of the value. Whoever maps
such a file copy-on-write gets arrays in its pages, writable where they were writable.

For readers that know plain pickles only, `plain_pickle` says how to put one together from parts of
the file, without unpickling and without looking into the pickle.
"""

import pickle
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

from orquestra.sdk.picklers import Pickler

PROTOCOL = 5
LEAST_BUFFER = 64 * 1024
"""Bytes from which on a buffer is worth a place of its own."""
ALIGNMENT = 64

_MAGIC = b"ORQPKL1\n"
_BEGINNING = struct.Struct("<8sQQ")
_ENTRY = struct.Struct("<QQQ")
BEGINNING_SIZE = _BEGINNING.size
"""How many bytes `head_size` needs."""

_CALL_LOADS = (
    b"\x80\x05"  # protocol 5
    b"cfunctools\npartial\n"
    b"(cpickle\nloads\ntR"  # partial(loads)
    b"(cpickle\nloads\n)"  # its state: loads, no arguments,
    b"}X\x07\x00\x00\x00buffers]("  # and the keyword argument buffers=[...
)
_BUFFERS_END = b"esNtb("  # ...]; no attributes; then the tuple of the call's arguments
_CALL_END = b"tR."
_BYTES8 = b"\x8e"
_BYTEARRAY8 = b"\x96"


class Range(NamedTuple):
    """A part of a value in this form: `size` bytes from `offset` on."""

    offset: int
    size: int


class _Buffer(NamedTuple):
    offset: int
    size: int
    read_only: int


class _Layout(NamedTuple):
    pickle: Range
    buffers: list[_Buffer]


@dataclass(frozen=True, kw_only=True)
class BufferedPickle:
    """A value, pickled: the pickle, and its large buffers as views of the value's own memory."""

    pickle: bytes
    buffers: tuple[memoryview, ...]

    def parts(self) -> Iterator[bytes | memoryview]:
        """What to write, in order; buffers are not copied."""
        layout = self._layout()
        yield _BEGINNING.pack(_MAGIC, len(self.pickle), len(self.buffers))
        yield b"".join(_ENTRY.pack(*entry) for entry in layout.buffers)
        yield self.pickle
        position = sum(layout.pickle)
        for entry, view in zip(layout.buffers, self.buffers, strict=True):
            yield bytes(entry.offset - position)
            yield view
            position = entry.offset + entry.size

    def size(self) -> int:
        """Bytes of all parts together."""
        layout = self._layout()
        *_, last = (layout.pickle, *layout.buffers)
        return last.offset + last.size

    def _layout(self) -> _Layout:
        start = BEGINNING_SIZE + len(self.buffers) * _ENTRY.size
        entries = []
        position = start + len(self.pickle)
        for view in self.buffers:
            offset = -(-position // ALIGNMENT) * ALIGNMENT
            entries.append(_Buffer(offset, view.nbytes, int(view.readonly)))
            position = offset + view.nbytes
        return _Layout(Range(start, len(self.pickle)), entries)


def dump(value: Any, *, least: int = LEAST_BUFFER) -> BufferedPickle:
    """Pickle a value; buffers of at least `least` bytes stay where they are.

    Raises whatever the value's own pickling raises, mostly `TypeError` or `PicklingError`.
    """
    buffers: list[memoryview] = []

    def stays_inside(buffer: pickle.PickleBuffer) -> bool:
        try:
            view = buffer.raw()
        except BufferError:  # not contiguous: pickle says so itself
            return True
        if view.nbytes < least:
            return True
        buffers.append(view)
        return False

    file = BytesIO()
    Pickler(file, protocol=PROTOCOL, buffer_callback=stays_inside).dump(value)
    return BufferedPickle(pickle=file.getvalue(), buffers=tuple(buffers))


def load(data: memoryview) -> Any:
    """Read a value. Its buffers are parts of `data`, writable if that is and they were."""
    layout = _read_layout(data)
    buffers = [data[offset : offset + size] for offset, size, _ in layout.buffers]
    start, size = layout.pickle
    return pickle.loads(data[start : start + size], buffers=buffers)


def head_size(beginning: bytes) -> int:
    """How long the head of a value is, from its first `BEGINNING_SIZE` bytes.

    Raises:
        ValueError: this is not the beginning of such a value.
    """
    magic, _, count = _BEGINNING.unpack_from(beginning)
    if magic != _MAGIC:
        raise ValueError("These bytes are not a pickle with buffers beside it")
    return BEGINNING_SIZE + int(count) * _ENTRY.size


def plain_pickle(head: bytes) -> Iterator[bytes | Range]:
    """One plain pickle of a value, in pieces: bytes as they are, and ranges of the value.

    It calls `pickle.loads` on the pickle with its buffers, so that nobody must look into it. What
    reads it needs Python 3.8 and nothing of ours.
    """
    layout = _read_layout(memoryview(head))
    yield _CALL_LOADS
    for offset, size, read_only in layout.buffers:
        yield (_BYTES8 if read_only else _BYTEARRAY8) + struct.pack("<Q", size)
        yield Range(offset, size)
    yield _BUFFERS_END + _BYTES8 + struct.pack("<Q", layout.pickle.size)
    yield layout.pickle
    yield _CALL_END


def _read_layout(data: memoryview) -> _Layout:
    start = head_size(bytes(data[:BEGINNING_SIZE]))
    _, size, _ = _BEGINNING.unpack_from(data)
    table = data[BEGINNING_SIZE:start]
    return _Layout(Range(start, size), [_Buffer(*entry) for entry in _ENTRY.iter_unpack(table)])
