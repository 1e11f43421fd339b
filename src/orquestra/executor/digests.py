"""Digests of values: the same for the same bytes, wherever they lie. Runs no code of the user.

Where the definition tells a fingerprint of a constant, that counts in place of the bytes.
"""

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from orquestra.executor.exchange import Encoded, open_file
from orquestra.executor.protocol import Argument, Constant, Gathered, Item, Secret
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location, ValueFormat

_MOST_DIGESTS = 20_000
_PIECE = 1 << 20

_KeyT = TypeVar("_KeyT", bound=Hashable)
_ValueT = TypeVar("_ValueT")


class Digests:
    """Digests of the arguments of one run. Not for use by several threads."""

    def __init__(
        self,
        exchange: Path,
        *,
        modules: str,
        fingerprints: Mapping[Constant | Location, str] = MappingProxyType({}),
    ) -> None:
        """`modules` is the digest of the run's local modules; `fingerprints` are of constants."""
        self._exchange = exchange
        self._modules = modules
        self._fingerprints = fingerprints
        self._known: OrderedDict[Location, bytes] = OrderedDict()
        self._collections: OrderedDict[int, tuple[Gathered, bytes]] = OrderedDict()
        """By the id of the object, which stays its own while it is here."""

    def of(self, argument: Argument) -> bytes:
        """The digest of an argument.

        Raises:
            OSError: its value cannot be read.
            TypeError: its value is not there yet.
        """
        if isinstance(argument, Constant | Location) and argument in self._fingerprints:
            fingerprint = self._fingerprints[argument].encode()
            return _digest(f"fingerprint {self._modules}", [fingerprint])
        if isinstance(argument, Constant):
            return digest_of_bytes(argument.format, [argument.data], modules=self._modules)
        if isinstance(argument, Location):
            return self._of_location(argument)
        if isinstance(argument, Item):
            return self._of_item(argument)
        if isinstance(argument, Gathered):
            return self._of_collection(argument)
        if isinstance(argument, Secret):
            # By its name: what a digest is made of can be found out by trying, and a password that
            # was changed opens the same doors.
            return _digest("secret", [json.dumps(argument).encode()])
        raise TypeError(f"{argument} has no digest")

    def _of_location(self, location: Location) -> bytes:
        known = self._known.get(location)
        if known is None:
            pieces = self._pieces(location)
            known = digest_of_bytes(location.format, pieces, modules=self._modules)
            _remember(self._known, location, known)
        return known

    def _of_item(self, item: Item) -> bytes:
        if item.digest is not None:
            return item.digest
        return _digest(f"element {item.at}", [self.of(item.sequence)])

    def _of_collection(self, gathered: Gathered) -> bytes:
        known = self._collections.get(id(gathered))
        if known is None:
            label = f"{gathered.kind.value} {len(gathered.keys)}"
            parts = map(self.of, (*gathered.keys, *gathered.items))
            known = gathered, _digest(label, parts)
            _remember(self._collections, id(gathered), known)
        return known[1]

    def _pieces(self, location: Location) -> Iterator[bytes]:
        descriptor = open_file(self._exchange / location.file)
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


def digest_of_value(encoded: Encoded, *, modules: str) -> bytes:
    """The digest of a value as it would be written."""
    return digest_of_bytes(encoded.format, encoded.parts, modules=modules)


def digest_of_bytes(
    form: ir.ArtifactFormat | ValueFormat, pieces: Iterable[bytes | memoryview], *, modules: str
) -> bytes:
    """The digest of a value by its bytes.

    A pickle names classes and functions of local modules, whose code is not in it. So their digest
    counts, whichever of them it names.
    """
    is_plain = form.value == ValueFormat.JSON.value
    return _digest(form.value if is_plain else f"{form.value} {modules}", pieces)


def _digest(label: str, pieces: Iterable[bytes | memoryview]) -> bytes:
    digest = hashlib.sha256(f"{label}\n".encode())
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _remember(known: OrderedDict[_KeyT, _ValueT], key: _KeyT, value: _ValueT) -> None:
    known[key] = value
    if len(known) > _MOST_DIGESTS:
        known.popitem(last=False)
