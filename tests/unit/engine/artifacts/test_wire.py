import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.engine.artifacts.wire import CHUNK_BYTES, constant_value, stored_value
from orquestra.sdk.schema import ir
from orquestra.sdk.values import CHUNK_LENGTH, SerializedValue, from_chunks, to_wire

JSON, PICKLE = ir.ArtifactFormat.JSON, ir.ArtifactFormat.ENCODED_PICKLE


def sent(value_format: ir.ArtifactFormat, pieces: list[bytes]) -> dict:
    return json.loads("".join(stored_value(value_format, iter(pieces))))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(borders)]


@given(st.text(), st.lists(st.integers(min_value=0), max_size=4))
def test_json_is_the_same_however_it_was_cut(value, places):
    data = json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    whole = to_wire(SerializedValue(format=JSON, data=data)).model_dump()

    assert sent(JSON, cut(data, places)) == whole


@given(st.integers(0, 3 * CHUNK_BYTES), st.lists(st.integers(min_value=0), max_size=4))
def test_a_pickle_is_the_same_however_it_was_cut(size, places):
    data = b"\x80\x04pickle" * (size // 8) + b"." * (size % 8)

    wire = sent(PICKLE, cut(data, places))

    assert wire["serialization_format"] == "ENCODED_PICKLE"
    assert from_chunks(wire["chunks"]) == data
    assert all(len(chunk) <= CHUNK_LENGTH for chunk in wire["chunks"])


def test_a_constant_is_a_value_without_its_name():
    node = ir.ConstantNodePickle(
        id=ir.ConstantNodeId("c"), chunks=["gASV", "Lg==\n"], value_preview="thing"
    )

    assert json.loads(constant_value(node)) == {
        "chunks": ["gASV", "Lg==\n"],
        "serialization_format": "ENCODED_PICKLE",
    }


def test_half_a_character_ends_in_an_error_and_not_in_another_value():
    with pytest.raises(UnicodeDecodeError):
        sent(JSON, ['"ä"'.encode()[:2]])
