"""Simulated nodes: they boot for workers that wait, and go when they are idle."""

import pytest

from benchmarks.simulation.agenda import Agenda
from benchmarks.simulation.nodes import PoolNodes
from benchmarks.simulation.sizes import Sizes

SIZES = Sizes(nodes=20, strands=10, cores=2, node_boot=30, worker_boot=1, idle_timeout=15)


class Machine:
    def __init__(self):
        self.agenda = Agenda()
        self.up = {}
        self.nodes = PoolNodes(SIZES, self.agenda, places=SIZES.cores, arrive=self._arrive)

    def _arrive(self, worker_id):
        self.up[worker_id] = self.agenda.now

    def pass_time(self):
        while self.agenda.advance():
            pass


@pytest.fixture
def machine():
    return Machine()


def test_a_worker_comes_up_on_a_node_that_boots_for_it(machine):
    machine.nodes.want("a")
    machine.pass_time()

    assert machine.up == {"a": 31}


def test_workers_share_nodes_and_never_more_boot_than_the_cap(machine):
    for name in "abcdefg":
        machine.nodes.want(name)
    machine.pass_time()

    assert sorted(machine.up) == ["a", "b", "c", "d"]
    assert machine.nodes.most == SIZES.nodes_of_a_pool == 2


def test_a_place_that_becomes_free_is_taken_by_the_next(machine):
    for name in "abcde":
        machine.nodes.want(name)
    machine.pass_time()

    machine.nodes.unwant("b")
    machine.pass_time()

    assert machine.up["e"] == 32


def test_an_idle_node_goes_after_its_timeout_and_costs_until_then(machine):
    machine.nodes.want("a")
    machine.pass_time()

    machine.nodes.unwant("a")
    machine.pass_time()

    assert machine.nodes.total(1000) == 31 + 15


def test_an_idle_node_of_a_released_pool_goes_at_once(machine):
    machine.nodes.want("a")
    machine.pass_time()

    machine.nodes.unwant("a")
    machine.nodes.release()
    machine.pass_time()

    assert machine.nodes.total(1000) == 31


def test_a_node_that_nobody_wants_any_more_goes_when_it_is_there(machine):
    machine.nodes.want("a")
    machine.nodes.unwant("a")
    machine.pass_time()

    assert machine.up == {}
    assert machine.nodes.total(1000) == 30 + 15
