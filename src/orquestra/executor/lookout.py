"""Acting ahead of the jobs: first workers of pools that will be needed, pools that will not."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

from orquestra.executor.jobs import Kind
from orquestra.executor.planning import UNKNOWN_BOOT, UNKNOWN_DURATION, Outlook
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.teams import Worker
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolId

INTERVAL = timedelta(milliseconds=100)
"""How often the graphs are looked at, while they change."""


class Watched(Protocol):
    """What is looked at of a run."""

    outlook: Outlook
    problem: str | None

    def kind(self, invocation_id: ir.TaskInvocationId) -> Kind:
        """The kind of an invocation's job."""
        ...

    def pools(self) -> set[PoolId]:
        """The pools that it uses, or will."""
        ...


class Lookout:
    """Watches the graphs of all runs."""

    def __init__(self, scheduler: Scheduler, release_pool: Callable[[PoolId], None]) -> None:
        self._scheduler = scheduler
        self._release_pool = release_pool
        self._boots: dict[PoolId, float] = {}
        self._changed = False
        self._looked_at = 0.0

    def change(self) -> None:
        """Note that a graph has changed."""
        self._changed = True

    def next_deadline(self) -> float | None:
        """When to look again, at the earliest."""
        return self._looked_at + INTERVAL.total_seconds() if self._changed else None

    def note_boot(self, worker: Worker, now: float) -> None:
        """Note how long the first worker of a pool took until it was up."""
        team = worker.team
        others = sum(len(other.workers) - len(other.wanted) for other in team.pool.teams.values())
        if others == 1:
            self._boots[team.pool_id] = now - worker.wanted_at

    def look(self, runs: Iterable[Watched], now: float) -> None:
        """Hint at teams whose first job is about to become ready; let go of pools without use."""
        due = self.next_deadline()
        if due is None or now < due:
            return
        self._changed = False
        self._looked_at = now
        in_use: set[PoolId] = set()
        present = list(runs)
        for run in present:
            in_use |= run.pools()
            if run.problem is None:
                self._hint(run)
        if present:  # else the next run may want what is there; the idle timeout decides
            self._drain(in_use)

    def _hint(self, run: Watched) -> None:
        def lasting(invocation_id: ir.TaskInvocationId, count: int) -> float:
            kind = run.kind(invocation_id)
            mean = UNKNOWN_DURATION.total_seconds() if kind.mean is None else kind.mean
            return mean * -(-count // max(1, len(kind.team.workers)))

        for invocation_id in run.outlook.due(self._boot, lasting):
            team = run.kind(invocation_id).team
            team.hinted = True
            self._scheduler.touched[team.pool] = None

    def _boot(self, pool_id: PoolId) -> float:
        told = self._scheduler.pools[pool_id].plan.boot_seconds
        unseen = UNKNOWN_BOOT.total_seconds() if told is None else told
        return self._boots.get(pool_id, unseen)

    def _drain(self, in_use: set[PoolId]) -> None:
        for pool_id, pool in self._scheduler.pools.items():
            drained = pool_id not in in_use and not pool.is_warm
            if drained and not pool.drained:
                for team in pool.teams.values():
                    team.hinted = False
                self._release_pool(pool_id)
            if drained != pool.drained:
                pool.drained = drained
                self._scheduler.touched[pool] = None
