import math
import pickle
import threading
from collections import OrderedDict, defaultdict
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.sdk.schema import responses
from orquestra.sdk.schema.ir import ArtifactFormat
from orquestra.sdk.values import (
    CHUNK_LENGTH,
    SerializedValue,
    deserialize,
    from_wire,
    serialize,
    to_wire,
)


class Pair(NamedTuple):
    first: Any
    second: Any


class Level(IntEnum):
    LOW = 1


class Color(StrEnum):
    RED = "red"


class Metres(float):
    """Like the scalars of NumPy, a number that is more than a number."""


TEXTS = st.text(st.characters(), max_size=5) | st.just("\ud83d\ude00")
SUBCLASSES = st.sampled_from([Level.LOW, Color.RED, Metres(1.5)])
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | st.binary()
) | SUBCLASSES
KEYS = TEXTS | st.integers() | st.sampled_from(["__tuple__", "__values__", Color.RED])


def containers(inner):
    dictionaries = st.dictionaries(KEYS, inner)
    return (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.builds(Pair, inner, inner)
        | dictionaries
        | dictionaries.map(OrderedDict)
        | dictionaries.map(lambda items: defaultdict(list, items))
    )


VALUES = st.recursive(SCALARS, containers, max_leaves=20)


def types_in(value):
    """The types of a value and of all in it, which == does not compare."""
    if isinstance(value, dict):
        return type(value), [(type(key), types_in(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), list(map(types_in, value))
    return type(value)


def over_the_wire(value):
    body = to_wire(serialize(value)).model_dump_json()
    model = responses.JSONResult if '"JSON"' in body else responses.PickleResult
    return deserialize(from_wire(model.model_validate_json(body)))


@given(VALUES)
def test_what_is_sent_comes_back_the_same(value):
    assert over_the_wire(value) == value
    assert repr(over_the_wire(value)) == repr(value)
    assert types_in(over_the_wire(value)) == types_in(value)


@pytest.mark.parametrize(
    "value",
    [Pair(1, 2), Level.LOW, Color.RED, Metres(1), OrderedDict(a=1), defaultdict(list), "\ud83d"],
    ids=lambda value: type(value).__name__,
)
def test_what_is_more_than_a_plain_value_is_pickled(value):
    assert serialize([value]).format is ArtifactFormat.ENCODED_PICKLE


def test_tuples_are_marked_in_json_at_any_depth():
    wire = to_wire(serialize({"pair": [(1, "a")]}))

    assert wire == responses.JSONResult(
        value='{"pair": [{"__tuple__": true, "__values__": [1, "a"]}]}'
    )


def test_what_json_cannot_hold_becomes_base64_lines_of_a_pickle():
    wire = to_wire(serialize({1, 2, 3}))

    assert wire == responses.PickleResult(chunks=["gASVCwAAAAAAAACPlChLAUsCSwOQLg==\n"])


@pytest.mark.parametrize("value", [{1: "one"}, {"__tuple__": 1}, {"a": {(1, 2): 3}}])
def test_dictionaries_that_json_would_change_are_pickled(value):
    assert serialize(value).format is ArtifactFormat.ENCODED_PICKLE


def test_not_a_number_is_json_as_python_writes_it():
    assert serialize(math.nan).data == b"NaN"
    assert math.isnan(over_the_wire(math.nan))


def test_large_pickles_are_cut_into_chunks_with_borders_anywhere():
    value = bytes(range(256)) * 1000

    chunks = to_wire(serialize(value)).chunks

    assert [len(chunk) for chunk in chunks[:-1]] == [CHUNK_LENGTH] * (len(chunks) - 1)
    assert len(chunks) > 1
    assert over_the_wire(value) == value


def test_a_list_that_holds_itself_is_pickled():
    value = []
    value.append(value)

    copy = over_the_wire(value)

    assert copy[0] is copy


def test_a_value_that_cannot_be_pickled_is_refused():
    with pytest.raises((TypeError, pickle.PicklingError)):
        serialize(threading.Lock())


def test_a_format_that_no_value_has_is_refused():
    with pytest.raises(ValueError, match="AUTO"):
        deserialize(SerializedValue(format=ArtifactFormat.AUTO, data=b""))
