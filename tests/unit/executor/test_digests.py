"""Digests of values: what counts is the bytes, not the place."""

import os

import numpy as np
import pytest

from orquestra.executor import digests as module
from orquestra.executor.digests import Digests, digest_of_value
from orquestra.executor.exchange import Exchange, encode
from orquestra.executor.protocol import Constant, Gathered, Item, Own, Secret
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
    return Digests(tmp_path, modules="").of


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


@pytest.mark.parametrize("element", [(1, 2), "a", {1, 2}])
def test_an_element_with_a_digest_is_that_value_wherever_it_lies(store, digest, element):
    known = digest_of_value(encode(element), modules="")

    assert digest(Item(store([element]), 0, known)) == digest(store(element))


def test_an_element_without_digest_counts_with_all_of_its_sequence(store, digest):
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


def test_the_digest_of_a_collection_is_made_once(store, tmp_path, monkeypatch):
    digests = Digests(tmp_path, modules="")
    gathered = Gathered(LIST, (), tuple(constant(n) for n in range(100)))
    first = digests.of(gathered)
    monkeypatch.setattr(module, "digest_of_bytes", None)

    assert digests.of(gathered) == first


@pytest.mark.parametrize(("value", "counts"), [({1, 2}, True), ([1, 2], False)])
def test_local_modules_count_for_pickles_which_name_what_is_in_them(store, tmp_path, value, counts):
    before, after = Digests(tmp_path, modules="1"), Digests(tmp_path, modules="2")
    element = encode(value)

    for argument in (store(value), constant(value), Gathered(LIST, (), (store(value),))):
        assert (before.of(argument) != after.of(argument)) == counts
    known = [digest_of_value(element, modules=modules) for modules in "12"]
    assert (known[0] != known[1]) == counts


def test_nothing_that_a_task_has_put_there_is_waited_for(store, digest, tmp_path):
    location = store(1)
    os.mkfifo(tmp_path / "run-1.w1.pipe")
    (tmp_path / "run-1.w1.link").symlink_to(tmp_path / location.file)

    for name in ("run-1.w1.pipe", "run-1.w1.link"):
        with pytest.raises(OSError, match=r"no regular file|Too many levels"):
            digest(location._replace(file=name))


def test_what_is_not_there_has_no_digest(store, digest):
    with pytest.raises(TypeError, match="no digest"):
        digest(Own("artifact-1"))
    with pytest.raises(OSError, match="ends before"):
        digest(store("short")._replace(size=10_000))


def test_a_fingerprint_counts_in_place_of_the_bytes(store, tmp_path):
    first, second, other, same_bytes = constant({1}), store({2}), constant({3}), constant({4})
    fingerprints = {first: "a", second: "a", other: "b"}
    digests = Digests(tmp_path, modules="1", fingerprints=fingerprints)

    assert digests.of(first) == digests.of(second) != digests.of(other)
    assert digests.of(Item(first, 0)) == digests.of(Item(second, 0)) != digests.of(Item(first, 1))
    assert digests.of(same_bytes) == Digests(tmp_path, modules="1").of(same_bytes)
    assert digests.of(first) != Digests(tmp_path, modules="2", fingerprints=fingerprints).of(first)


def test_a_secret_counts_by_its_name(digest):
    names = [
        ("key", None, None),
        ("key", "team", None),
        ("key", None, "prod"),
        ("key2", None, None),
    ]

    found = {digest(Secret(*name)) for name in names}

    assert len(found) == 4
    assert digest(Secret("key", None, None)) in found
    assert digest(constant(["key", None, None])) not in found
