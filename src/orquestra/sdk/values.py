"""Values on their way between processes: JSON where nothing is lost, else a pickle.

Tuples become JSON objects with the keys `__tuple__` and `__values__`, at any depth. What JSON
would give back as something else is pickled: a value of any other type, subclasses of the plain
ones included (named tuples, enums of numbers, NumPy scalars), a dictionary whose keys are not all
texts or that has the key `__tuple__` itself, and a text with half a surrogate pair. On the wire
a pickle is base64 text in lines of 76 characters, cut into chunks.
"""

import base64
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orquestra.sdk import picklers
from orquestra.sdk.schema import ir, responses

PICKLE_PROTOCOL = 4
CHUNK_LENGTH = 40_000

_TUPLE_KEY = "__tuple__"
_ITEMS_KEY = "__values__"
_PLAIN_TYPES = frozenset({bool, int, float, type(None)})


@dataclass(frozen=True, kw_only=True)
class SerializedValue:
    """A value as bytes: UTF-8 JSON text, or the raw pickle, as `format` says."""

    format: ir.ArtifactFormat
    data: bytes


def _pickled(value: Any) -> bytes:
    return picklers.dumps(value, protocol=PICKLE_PROTOCOL)


def serialize(value: Any, *, pickled: Callable[[Any], bytes] = _pickled) -> SerializedValue:
    """Turn a value into bytes.

    Raises whatever the value's own pickling raises, mostly `TypeError` or `PicklingError`.
    """
    try:
        text = json.dumps(as_json(value))
    except (TypeError, ValueError, RecursionError):
        text = None  # pickled below: in a traceback of the user's pickling this were a riddle
    if text is None:
        return SerializedValue(format=ir.ArtifactFormat.ENCODED_PICKLE, data=pickled(value))
    return SerializedValue(format=ir.ArtifactFormat.JSON, data=text.encode())


def deserialize(serialized: SerializedValue) -> Any:
    """Turn bytes back into the value. A pickle runs code: do it only where the value is used."""
    if serialized.format is ir.ArtifactFormat.JSON:
        return json.loads(serialized.data, object_hook=_restore_tuple)
    if serialized.format is ir.ArtifactFormat.ENCODED_PICKLE:
        return pickle.loads(serialized.data)
    raise ValueError(f"Values are never stored in the format {serialized.format.value}")


def as_json(value: Any) -> Any:
    """What JSON can hold of a value without loss.

    Raises:
        TypeError: JSON would change it.
    """
    kind = type(value)
    if kind is str:
        return _plain_text(value)
    if kind in _PLAIN_TYPES:
        return value
    if kind is tuple:
        return {_TUPLE_KEY: True, _ITEMS_KEY: [as_json(item) for item in value]}
    if kind is list:
        return [as_json(item) for item in value]
    if kind is dict:
        return {_plain_key(key): as_json(item) for key, item in value.items()}
    raise TypeError("JSON would change this value")


def to_wire(serialized: SerializedValue) -> responses.JSONResult | responses.PickleResult:
    """The value as HTTP bodies hold it."""
    if serialized.format is ir.ArtifactFormat.JSON:
        return responses.JSONResult(value=serialized.data.decode())
    return responses.PickleResult(chunks=to_chunks(serialized.data))


def from_wire(
    document: responses.JSONResult
    | responses.PickleResult
    | ir.ConstantNodeJSON
    | ir.ConstantNodePickle,
) -> SerializedValue:
    """The value that an HTTP body or a constant of a definition holds."""
    if isinstance(document, responses.JSONResult | ir.ConstantNodeJSON):
        return SerializedValue(format=ir.ArtifactFormat.JSON, data=document.value.encode())
    data = from_chunks(document.chunks)
    return SerializedValue(format=ir.ArtifactFormat.ENCODED_PICKLE, data=data)


def to_chunks(data: bytes) -> list[str]:
    """Bytes as base64 text, cut into chunks."""
    text = base64.encodebytes(data).decode()
    return [text[start : start + CHUNK_LENGTH] for start in range(0, len(text), CHUNK_LENGTH)]


def from_chunks(chunks: list[str]) -> bytes:
    """The bytes that `to_chunks` cut; the border of a chunk may be anywhere."""
    return base64.b64decode("".join(chunks))


def _plain_key(key: Any) -> str:
    if type(key) is not str or key == _TUPLE_KEY:
        raise TypeError("JSON would change this key")
    return _plain_text(key)


def _plain_text(text: str) -> str:
    if not text.isascii():
        text.encode()  # JSON joins two halves of a surrogate pair; UTF-8 refuses each of them
    return text


def _restore_tuple(document: dict[str, Any]) -> Any:
    if _TUPLE_KEY in document and _ITEMS_KEY in document:
        return tuple(document[_ITEMS_KEY])
    return document
