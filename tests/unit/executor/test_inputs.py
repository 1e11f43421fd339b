"""Reading arguments: collections are built, elements are fresh."""

import numpy as np
import pytest

from orquestra.executor import inputs
from orquestra.executor.exchange import Exchange, encode
from orquestra.executor.inputs import Inputs, RunValues, named
from orquestra.executor.protocol import Bundle, Constant, Gathered, Item, Own
from orquestra.sdk.schema import ir
from orquestra.sdk.values import serialize

LIST, TUPLE, DICT = ir.CollectionType.LIST, ir.CollectionType.TUPLE, ir.CollectionType.DICT


class Reader:
    """A worker's inputs, and a way to store values for them."""

    def __init__(self, folder):
        self.exchange = Exchange(folder)
        self.inputs = Inputs(self.exchange)
        self.run = RunValues(writer=self.exchange.writer("run-1", "w1"))

    def stored(self, value):
        location = self.run.writer.write(encode(value))
        self.run.writer.flush()
        return location

    def read(self, argument):
        return self.inputs.read(argument, self.run)


@pytest.fixture
def reader(tmp_path):
    made = Reader(tmp_path)
    yield made
    made.run.writer.close()
    made.exchange.forget("run-1")


def constant(value):
    serialized = serialize(value)
    return Constant(serialized.format, serialized.data)


def test_collections_are_built_of_all_that_arguments_can_be(reader):
    own = ir.ArtifactNodeId("artifact-1")
    reader.run.own[own] = reader.run.writer.write(encode("own"))
    nested = Gathered(
        DICT,
        (constant("a"), constant(2)),
        (Gathered(LIST, (), (reader.stored({"x": 1}), Own(own))), Gathered(TUPLE, (), ())),
    )

    assert reader.read(nested) == {"a": [{"x": 1}, "own"], 2: ()}


def test_a_collection_in_two_places_is_one_object(reader):
    shared = Gathered(LIST, (), (constant(1),))
    first, second = reader.read(Gathered(TUPLE, (), (shared, shared)))

    assert first is second


def test_a_bundle_is_the_collection_in_it(reader):
    gathered = Gathered(LIST, (), tuple(reader.stored(n) for n in range(3)))
    bundle = Bundle(reader.stored(gathered))

    assert reader.read(bundle) == [0, 1, 2]
    assert len(reader.inputs.countable(bundle, reader.run)) == 3


def test_every_call_gets_an_element_of_its_own(reader):
    rows = Item(reader.stored([[1], [2]]), 1)
    reader.read(rows).append("changed")

    assert reader.read(rows) == [2]


def test_rows_of_an_array_are_elements(reader):
    table = reader.stored(np.arange(200_000.0).reshape(2, 100_000))
    row = reader.read(Item(table, 1))
    row[0] = -1

    assert reader.read(Item(table, 1))[0] == 100_000


def test_a_sequence_is_read_once_for_the_elements_that_follow(reader, monkeypatch):
    count = []
    read = Exchange.read
    monkeypatch.setattr(Exchange, "read", lambda *of: count.append(of) or read(*of))
    source = reader.stored(list(range(50)))

    assert [reader.read(Item(source, at)) for at in range(50)] == list(range(50))
    assert len(count) == 1


def take(reader, *items):
    reader.run.sequences.expect(items)
    return [reader.read(item) for item in items]


@pytest.fixture
def read(monkeypatch):
    """The values that are read."""
    read, places = Exchange.read, []
    monkeypatch.setattr(Exchange, "read", lambda *of: places.append(of[1]) or read(*of))
    return places


def test_all_sequences_of_a_map_stay_in_memory_while_it_lasts(reader, read, monkeypatch):
    monkeypatch.setattr(inputs, "_MOST_BYTES", 10)
    sources = [reader.stored([n, n + 1, n + 2]) for n in range(7)]

    for at in range(3):
        assert take(reader, *(Item(source, at) for source in sources)) == list(range(at, at + 7))

    assert read == sources


def test_of_other_sequences_the_latest_stay_in_memory(reader, read, monkeypatch):
    monkeypatch.setattr(inputs, "_MOST_BYTES", 3 * inputs._EACH)
    sources = [reader.stored([n]) for n in range(5)]
    for source in sources:
        take(reader, Item(source, 0))
    del read[:]

    for source in (sources[4], sources[3], sources[0]):
        take(reader, Item(source, 0))

    assert read == [sources[0]]


def test_what_is_counted_of_a_collection_is_not_read(reader):
    gone = reader.stored(1)._replace(file="gone")

    assert len(reader.inputs.countable(Gathered(LIST, (), (gone, gone)), reader.run)) == 2
    assert reader.inputs.countable(Gathered(DICT, (gone,), (gone,)), reader.run) == {}


def test_arguments_are_known_by_position_or_by_name():
    assert named({"0": "x", "rows": "y"}) == {0: "x", "rows": "y"}
