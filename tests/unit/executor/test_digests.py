"""Digests of values: what counts is the bytes, not the place."""

import numpy as np
import pytest

from orquestra.executor.digests import Digests
from orquestra.executor.exchange import Exchange, encode
from orquestra.executor.protocol import Constant, Gathered, Item, Own
from orquestra.sdk.schema import ir
from orquestra.sdk.values import serialize

LIST, DICT = ir.CollectionType.LIST, ir.CollectionType.DICT


@pytest.fixture
def store(tmp_path):
    writer = Exchange(tmp_path).writer("run-1", "w1")

    def write(value):
        location = writer.write(encode(value))
        writer.flush()
        return location

    yield write
    writer.close()


@pytest.fixture
def digest(tmp_path):
    return Digests(tmp_path).of


def constant(value):
    serialized = serialize(value)
    return Constant(serialized.format, serialized.data)


@pytest.mark.parametrize("value", [1, "text", [1, (2, None)], {"a": 1.5}])
def test_a_value_is_the_same_wherever_it_lies(store, digest, value):
    assert digest(store(value)) == digest(store(value)) == digest(constant(value))


def test_large_values_are_read_in_pieces(store, digest):
    first, second = np.zeros(400_000), np.zeros(400_000)
    second[-1] = 1

    assert digest(store(first)) == digest(store(first.copy()))
    assert digest(store(first)) != digest(store(second))


@pytest.mark.parametrize("sequence", [["a", (1, 2), "b"], ("a", (1, 2), "b")])
def test_an_element_of_plain_data_is_that_data(store, digest, sequence):
    source = store(sequence)

    assert digest(Item(source, 1)) == digest(constant((1, 2)))
    assert digest(Item(constant(sequence), 0)) == digest(constant("a"))


def test_an_element_of_a_pickle_counts_with_all_of_it(store, digest):
    first, same, other = store([{1, 2}, 3]), store([{1, 2}, 3]), store([{1, 2}, 4])

    assert digest(Item(first, 0)) == digest(Item(same, 0))
    assert digest(Item(first, 0)) != digest(Item(first, 1))
    assert digest(Item(first, 0)) != digest(Item(other, 0))


def test_the_shape_of_a_collection_counts(store, digest):
    one, two = store(1), constant(2)
    shapes = [
        Gathered(LIST, (), (one, two)),
        Gathered(LIST, (), (two, one)),
        Gathered(ir.CollectionType.TUPLE, (), (one, two)),
        Gathered(DICT, (one,), (two,)),
        Gathered(LIST, (), (Gathered(LIST, (), (one, two)),)),
        Gathered(LIST, (), (Gathered(LIST, (), (one,)), two)),
    ]

    assert len({digest(shape) for shape in shapes}) == len(shapes)
    assert digest(Gathered(LIST, (), (constant(1), store(2)))) == digest(shapes[0])


def test_what_is_not_there_has_no_digest(store, digest):
    with pytest.raises(TypeError, match="no digest"):
        digest(Own("artifact-1"))
    with pytest.raises(OSError, match="ends before"):
        digest(store("short")._replace(size=10_000))
