"""Admission: how many tasks of each pool are with Ray at once.

Ray's autoscaler slows down with long pending lists, yet it must see the demand of a whole pool to
grow it to its cap. So each pool gets what all its nodes can run, and the same again as a round
that waits; the rest waits here, in the order in which it became ready.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from orquestra.executor.capacity import task_demand, tasks_per_node
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolId, RunPlan

ROUNDS = 2
"""Tasks with Ray, in multiples of what the pool can run at once."""


class Admission:
    """The tasks that are ready but not with Ray yet, and the room that is left for them."""

    def __init__(self, plan: RunPlan) -> None:
        self._pool_of = plan.pool_of_invocation
        self._share = _shares(plan)
        self._room = {pool.id: float(ROUNDS * pool.max_nodes) for pool in plan.pools}
        self._waiting: dict[PoolId, deque[ir.TaskInvocationId]] = {
            pool.id: deque() for pool in plan.pools
        }

    def add(self, invocations: Iterable[ir.TaskInvocationId]) -> None:
        """Queue invocations that have become ready."""
        for invocation_id in invocations:
            self._waiting[self._pool_of[invocation_id]].append(invocation_id)

    def add_first(self, invocation_id: ir.TaskInvocationId) -> None:
        """Queue an invocation that was admitted before and has to run again."""
        self._waiting[self._pool_of[invocation_id]].appendleft(invocation_id)

    def admit(self) -> Iterator[ir.TaskInvocationId]:
        """Take what there is room for."""
        for pool_id, waiting in self._waiting.items():
            while waiting and self._room[pool_id] >= self._share[waiting[0]] - 1e-6:
                invocation_id = waiting.popleft()
                self._room[pool_id] -= self._share[invocation_id]
                yield invocation_id

    def release(self, invocation_id: ir.TaskInvocationId) -> None:
        """Give back the room of an invocation that is no longer with Ray."""
        self._room[self._pool_of[invocation_id]] += self._share[invocation_id]


def _shares(plan: RunPlan) -> Mapping[ir.TaskInvocationId, float]:
    sizes = {pool.id: pool.size for pool in plan.pools}
    shares = {}
    for invocation in plan.definition.task_invocations.values():
        size = sizes[plan.pool_of_invocation[invocation.id]]
        shares[invocation.id] = 1 / tasks_per_node(task_demand(invocation.resources, size), size)
    return shares
