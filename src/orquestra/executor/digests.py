"""Digests of values: the same for the same bytes, wherever they lie. Runs no code of the user."""

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from orquestra.executor.protocol import Argument, Constant, Gathered, Item
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location

_MOST_DIGESTS = 20_000
_MOST_SEQUENCES = 4
_PIECE = 1 << 20
_JSON = ir.ArtifactFormat.JSON.value

_KeyT = TypeVar("_KeyT", bound=Hashable)
_ValueT = TypeVar("_ValueT")


class Digests:
    """Digests of arguments. Not for use by several threads."""

    def __init__(self, exchange: Path) -> None:
        self._exchange = exchange
        self._known: OrderedDict[Location, bytes] = OrderedDict()
        self._sequences: OrderedDict[Constant | Location, list[Any] | None] = OrderedDict()

    def of(self, argument: Argument) -> bytes:
        """The digest of an argument.

        Raises:
            OSError: its value cannot be read.
            TypeError: its value is not there yet.
        """
        if isinstance(argument, Constant):
            return _of_bytes(argument.format.value, [argument.data])
        if isinstance(argument, Location):
            return self._of_location(argument)
        if isinstance(argument, Item):
            return self._of_item(argument)
        if isinstance(argument, Gathered):
            label = f"{argument.kind.value} {len(argument.keys)}"
            return _of_bytes(label, map(self.of, (*argument.keys, *argument.items)))
        raise TypeError(f"{argument} has no digest")

    def _of_location(self, location: Location) -> bytes:
        known = self._known.get(location)
        if known is None:
            known = _of_bytes(location.format.value, self._pieces(location))
            _remember(self._known, location, known, most=_MOST_DIGESTS)
        return known

    def _of_item(self, item: Item) -> bytes:
        source = item.sequence
        if source not in self._sequences:
            _remember(self._sequences, source, self._elements(source), most=_MOST_SEQUENCES)
        elements = self._sequences[source]
        if elements is None:  # a pickle: only tasks may read it, and so all of it counts
            return _of_bytes(f"element {item.at}", [self.of(source)])
        return _of_bytes(_JSON, [json.dumps(elements[item.at]).encode()])

    def _elements(self, source: Constant | Location) -> list[Any] | None:
        """The elements of a sequence that is JSON."""
        if source.format.value != _JSON:
            return None
        data = source.data if isinstance(source, Constant) else b"".join(self._pieces(source))
        value = json.loads(data)
        if isinstance(value, dict):  # a tuple, see `orquestra.sdk.values`
            value = value.get("__values__")
        return value if isinstance(value, list) else None

    def _pieces(self, location: Location) -> Iterator[bytes]:
        descriptor = os.open(self._exchange / location.file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            at, end = location.offset, location.offset + location.size
            while at < end:
                piece = os.pread(descriptor, min(_PIECE, end - at), at)
                if not piece:
                    raise OSError(f"{location.file} ends before {end} bytes")
                at += len(piece)
                yield piece
        finally:
            os.close(descriptor)


def _of_bytes(label: str, pieces: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256(f"{label}\n".encode())
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _remember(known: OrderedDict[_KeyT, _ValueT], key: _KeyT, value: _ValueT, *, most: int) -> None:
    known[key] = value
    if len(known) > most:
        known.popitem(last=False)
