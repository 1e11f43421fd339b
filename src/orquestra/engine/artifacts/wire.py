"""Stored values as the JSON of the HTTP API, piece by piece: they may not fit into memory.

What comes out is what `orquestra.sdk.values.to_wire` makes of a value that is there as a whole.
"""

import base64
import codecs
import json
from collections.abc import Iterable, Iterator

from orquestra.sdk.schema import ir, responses

_BYTES_PER_LINE = 57
_LINES_PER_CHUNK = 519
CHUNK_BYTES = _BYTES_PER_LINE * _LINES_PER_CHUNK
"""Bytes whose base64 text, in lines of 76 characters, is the longest below 40,000 characters."""


def stored_value(value_format: ir.ArtifactFormat, content: Iterable[bytes]) -> Iterator[str]:
    """JSON of a value whose bytes come in pieces."""
    return _json_text(content) if value_format is ir.ArtifactFormat.JSON else _pickle(content)


def constant_value(constant: ir.ConstantNode) -> str:
    """JSON of a value that stands in the definition."""
    if isinstance(constant, ir.ConstantNodeJSON):
        return responses.JSONResult(value=constant.value).model_dump_json()
    return responses.PickleResult(chunks=constant.chunks).model_dump_json()


def _json_text(content: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    yield '{"value":"'
    for piece in content:
        yield json.dumps(decoder.decode(piece))[1:-1]
    decoder.decode(b"", final=True)  # half a character is no JSON: better no end than a false one
    yield f'","serialization_format":"{ir.ArtifactFormat.JSON.value}"}}'


def _pickle(content: Iterable[bytes]) -> Iterator[str]:
    yield '{"chunks":['
    separator = ""
    for block in _blocks(content):
        yield separator + json.dumps(base64.encodebytes(block).decode())
        separator = ","
    yield f'],"serialization_format":"{ir.ArtifactFormat.ENCODED_PICKLE.value}"}}'


def _blocks(content: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for piece in content:
        waiting += piece
        whole = len(waiting) - len(waiting) % CHUNK_BYTES
        for start in range(0, whole, CHUNK_BYTES):
            yield waiting[start : start + CHUNK_BYTES]
        waiting = waiting[whole:]
    if waiting:
        yield waiting
