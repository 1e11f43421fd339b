"""Nodes as Ray's autoscaler would have them: started for workers that wait, gone when idle."""

from collections import deque
from collections.abc import Callable
from functools import partial

from benchmarks.simulation.agenda import Agenda
from benchmarks.simulation.sizes import Sizes

Arrive = Callable[[str], None]
"""Told when a worker is up."""


class Node:
    """One node: how many workers it has room for, and since when it has none at all."""

    __slots__ = ("begun", "free", "gone", "idle_since")

    def __init__(self, *, begun: float, free: int) -> None:
        self.begun = begun
        self.free = free
        self.gone = False
        self.idle_since: float | None = begun


class PoolNodes:
    """The nodes of one pool. A worker takes one place of a node, which has `places`."""

    def __init__(self, sizes: Sizes, agenda: Agenda, *, places: int, arrive: Arrive) -> None:
        self._sizes = sizes
        self._agenda = agenda
        self._places = places
        self._arrive = arrive
        self._waiting: dict[str, None] = {}
        self._where: dict[str, Node] = {}
        self._free: deque[Node] = deque()
        self._present: dict[Node, None] = {}
        self._booting = 0
        self.released = False
        """Whether nobody will want it any more, so that idle nodes go at once."""
        self.most = 0
        self._seconds = 0.0

    def total(self, now: float) -> float:
        """Node-seconds so far."""
        return self._seconds + sum(now - node.begun for node in self._present)

    def want(self, worker_id: str) -> None:
        """A worker is to come up, on a node that is there or on a new one."""
        self._waiting[worker_id] = None
        self._place()
        short = len(self._waiting) - self._booting * self._places
        if short > 0 and len(self._present) < self._sizes.nodes_of_a_pool:
            self._boot()

    def unwant(self, worker_id: str) -> None:
        """A worker is not wanted any more, wherever it is."""
        if worker_id in self._waiting:
            del self._waiting[worker_id]
            return
        node = self._where.pop(worker_id)
        if node.free == 0:
            self._free.append(node)
        node.free += 1
        self._place()
        if node.free == self._places:
            self._rest(node)

    def release(self) -> None:
        """Let idle nodes go at once from now on."""
        self.released = True
        for node in list(self._free):
            if node.free == self._places:
                self._end(node)

    def _boot(self) -> None:
        node = Node(begun=self._agenda.now, free=self._places)
        self._booting += 1
        self._present[node] = None
        self.most = max(self.most, len(self._present))
        self._agenda.after(self._sizes.node_boot, lambda: self._joined(node))

    def _joined(self, node: Node) -> None:
        self._booting -= 1
        self._free.append(node)
        self._place()
        if node.free == self._places:
            self._rest(node)

    def _place(self) -> None:
        while self._waiting and self._free:
            worker_id = next(iter(self._waiting))
            del self._waiting[worker_id]
            node = self._free[-1]
            node.free -= 1
            node.idle_since = None
            if node.free == 0:
                self._free.pop()
            self._where[worker_id] = node
            self._agenda.after(self._sizes.worker_boot, partial(self._up, worker_id))

    def _up(self, worker_id: str) -> None:
        if worker_id in self._where:
            self._arrive(worker_id)

    def _rest(self, node: Node) -> None:
        since = node.idle_since = self._agenda.now
        if self.released:
            self._end(node)
        else:
            self._agenda.after(self._sizes.idle_timeout, lambda: self._look(node, since=since))

    def _look(self, node: Node, *, since: float) -> None:
        if node.idle_since == since and not node.gone:
            self._end(node)

    def _end(self, node: Node) -> None:
        node.gone = True
        self._free.remove(node)
        del self._present[node]
        self._seconds += self._agenda.now - node.begun
