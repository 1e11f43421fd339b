"""Constants: small ones travel with calls, large ones lie in the exchange."""

from orquestra.executor.constants import LARGE, Constants
from orquestra.executor.exchange import Exchange
from orquestra.executor.protocol import Constant
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import Location


def work(value):
    return value


def defined(*values):
    builder = PlanBuilder()
    made = [builder.call(work, value) for value in values]
    return builder.build(*made).definition


def test_a_large_constant_is_written_once_and_travels_as_its_place(tmp_path):
    definition = defined("x" * LARGE, 5)
    constants = Constants("run-1", definition, exchange=tmp_path)

    large, small = [constants.read(name) for name in definition.constant_nodes]

    assert isinstance(large, Location)
    assert isinstance(small, Constant)
    assert Exchange(tmp_path).read(large) == "x" * LARGE
    assert constants.get(next(iter(definition.constant_nodes))) is large
    constants.close()


def test_where_the_disk_is_full_it_travels_with_its_call(tmp_path):
    definition = defined("x" * LARGE)
    constants = Constants("run-1", definition, exchange=tmp_path / "gone")

    (name,) = definition.constant_nodes

    assert isinstance(constants.read(name), Constant)


def test_fingerprints_are_those_of_places_and_of_sequences_too(tmp_path):
    definition = defined({"x" * LARGE}, {1}, {2}, 3)
    nodes = definition.constant_nodes
    by_size = sorted(nodes, key=lambda name: len(nodes[name].model_dump_json()), reverse=True)
    told = {name: nodes[name].model_copy(update={"fingerprint": name}) for name in by_size[:2]}
    definition = definition.model_copy(update={"constant_nodes": {**nodes, **told}})
    constants = Constants("run-1", definition, exchange=tmp_path)

    read = {constants.read(name): name for name in nodes}
    read |= {constants.sequence(name): name for name in by_size[:1]}

    assert constants.fingerprints == {each: name for each, name in read.items() if name in told}
    assert {type(each) for each in constants.fingerprints} == {Constant, Location}
    constants.close()
