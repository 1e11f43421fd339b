"""How many workers there are to be: which to ask for, and which may go.

Pure: the time is passed in. Workers that have been asked for and are not up yet are the demand
that Ray's autoscaler sees, so there are never more of them than the jobs that wait could use.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from orquestra.executor.capacity import Demand
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.surroundings import Environment
from orquestra.executor.teams import Phase, Pool, Team, Worker

ROUNDS = 2
"""Nodes that the workers of all environments of a pool would fill, in multiples of its size.

Workers of different sizes leave gaps on nodes; those that wait at Ray fill them.
"""

LINGER = timedelta(seconds=1)
"""How long a worker without work stays."""

LINGER_WARM = timedelta(seconds=60)
"""The same where its node would stay up anyway."""

WORTH = 0.1
"""Seconds of waiting work that one more worker is worth."""

PATIENCE = timedelta(seconds=2)
"""How long an environment waits for room before another one's busy worker makes some."""

_FIRST_PAUSE = timedelta(milliseconds=500)
_MOST_DOUBLINGS = 6


class Ask(NamedTuple):
    """Bring a worker up."""

    worker: Worker


class Prepare(NamedTuple):
    """Install the requirements of a team: it has jobs."""

    team: Team


class Cancel(NamedTuple):
    """A worker that is not up yet is not wanted any more."""

    worker: Worker


class Dismiss(NamedTuple):
    """A worker without work goes."""

    worker: Worker


class Relieve(NamedTuple):
    """A busy worker takes nothing more and goes once what runs has ended; call back the rest."""

    worker: Worker


Change = Ask | Prepare | Cancel | Dismiss | Relieve


class Staff:
    """Decides about workers; the scheduler's records are kept true at once."""

    def __init__(self, scheduler: Scheduler, *, name: Callable[[], str]) -> None:
        self._scheduler = scheduler
        self._name = name
        self._idle: dict[timedelta, deque[tuple[float, Worker]]] = {
            LINGER: deque(),
            LINGER_WARM: deque(),
        }
        self._contended: dict[Pool, float] = {}
        """Pools in which an environment waits, and when to look at them again."""

    def decide(self, now: float) -> list[Change]:
        """All changes that are due."""
        changes: list[Change] = []
        touched = self._scheduler.touched
        touched.update({pool: None for pool, due in self._contended.items() if due <= now})
        while touched:
            pool, _ = touched.popitem()
            self._contended.pop(pool, None)
            for team in list(pool.teams.values()):
                changes.extend(self._fit(team, now))
            changes.extend(self._make_room(pool, now))
        changes.extend(self._let_go(now))
        return changes

    def rest(self, worker: Worker, now: float) -> None:
        """Note that a worker has nothing to do."""
        worker.idle_since = now
        self._idle[_linger(worker.team)].append((now, worker))

    def not_up(self, team: Team, now: float) -> None:
        """Note that a worker has died before it was up: the next one waits longer each time."""
        pause = _FIRST_PAUSE * 2 ** min(team.failed_starts, _MOST_DOUBLINGS)
        team.failed_starts += 1
        team.not_before = now + pause.total_seconds()

    def next_deadline(self) -> float | None:
        """When the next worker may go, at the earliest."""
        deadlines = [
            queue[0][0] + linger.total_seconds() for linger, queue in self._idle.items() if queue
        ]
        return min((*deadlines, *self._contended.values()), default=None)

    def _fit(self, team: Team, now: float) -> Iterator[Change]:
        extra = _extra(team)
        if extra and not team.is_open:
            if not team.is_asked:
                team.is_asked = True
                team.asked_at = now
                yield Prepare(team)
            return
        missing = extra - len(team.wanted) - len(team.idle)
        if missing > 0 and now < team.not_before:
            self._contended[team.pool] = team.not_before
            return
        for _ in range(min(missing, _room(team))):
            yield Ask(self._want(team, now))
        for _ in range(len(team.wanted) - max(extra, 0)):
            _, worker = team.wanted.popitem()
            worker.phase = Phase.LEAVING
            self._scheduler.gone(worker)
            yield Cancel(worker)

    def _want(self, team: Team, now: float) -> Worker:
        if not team.wanted:
            team.asked_at = now
        worker = Worker(self._name(), team, wanted_at=now)
        self._scheduler.workers[worker.worker_id] = worker
        team.workers[worker.worker_id] = worker
        team.wanted[worker.worker_id] = worker
        team.pool.used += team.fraction
        return worker

    def _make_room(self, pool: Pool, now: float) -> Iterator[Change]:
        waiting = [team for team in pool.teams.values() if _waits(team)]
        if pool.drained or any(_needs_room(team, now) for team in waiting):
            for team in pool.teams.values():
                if waiting != [team]:
                    for worker in list(team.idle):
                        yield self._dismiss(worker)
        if waiting and len(pool.teams) > 1:
            self._contended.setdefault(pool, now + PATIENCE.total_seconds())
        for team in waiting:
            if now - team.asked_at > PATIENCE.total_seconds():
                yield from self._relieve(pool, team)

    def _relieve(self, pool: Pool, waiting: Team) -> Iterator[Change]:
        busy = {team: _up(team) * team.fraction for team in pool.teams.values()}
        if sum(busy.values()) + waiting.fraction <= pool.plan.max_nodes + 1e-6:
            return
        richest = max(busy, key=lambda team: busy[team])
        spared = busy[richest] - richest.fraction
        leaving = any(worker.phase is Phase.LEAVING for worker in richest.workers.values())
        if richest is waiting or spared + 1e-6 < busy[waiting] or leaving:
            return
        for worker in richest.workers.values():
            if worker.phase is Phase.UP:
                worker.phase = Phase.LEAVING
                richest.file(worker)
                yield Relieve(worker)
                return

    def _let_go(self, now: float) -> Iterator[Change]:
        for linger, queue in self._idle.items():
            while queue and queue[0][0] + linger.total_seconds() <= now:
                since, worker = queue.popleft()
                if worker.phase is not Phase.UP or worker.idle_since != since:
                    continue
                if _stays(worker.team):
                    queue.append((now, worker))
                    worker.idle_since = now
                else:
                    yield self._dismiss(worker)

    def _dismiss(self, worker: Worker) -> Change:
        worker.phase = Phase.LEAVING
        worker.team.file(worker)
        return Dismiss(worker)


def default_environment(pool: Pool) -> Environment:
    """What most tasks need: 1 CPU, and nothing beyond the image."""
    return Environment(pool_id=pool.plan.id, demand=Demand(cpu=1.0, memory=0, gpu=0))


def _extra(team: Team) -> int:
    """Workers, beside the busy ones, that the waiting jobs of a team are worth."""
    known = team.waiting - team.unknown
    worth = team.unknown + min(known, int(team.seconds / WORTH) + 1)
    return max(worth, 1 if _up(team) == 0 and _stays(team) else 0)


def _stays(team: Team) -> bool:
    """Whether one worker is kept although nothing is to do."""
    pool = team.pool
    if pool.drained or len(team.workers) > 1 or any(other.waiting for other in _rivals(team)):
        return False
    return team.hinted or (pool.is_warm and team.environment == default_environment(pool))


def _rivals(team: Team) -> Iterator[Team]:
    return (other for other in team.pool.teams.values() if other is not team)


def _room(team: Team) -> int:
    pool = team.pool
    left = ROUNDS * pool.plan.max_nodes - pool.used
    limits = sum(line.most for line in team.lines.values() if line.jobs or line.workers)
    most = min(team.most(pool.plan.max_nodes), limits or 1)
    return max(0, min(most - len(team.workers), int(left / team.fraction + 1e-6)))


def _waits(team: Team) -> bool:
    """Whether a team has jobs, and waits for room for a worker or for an installation."""
    return team.waiting > 0 and (bool(team.wanted) or team.is_asked)


def _needs_room(team: Team, now: float) -> bool:
    """Whether one of its workers does not fit beside those that are up, as far as is known.

    The sizes of workers may leave gaps that none fits into, so one that waits for long does not.
    """
    pool = team.pool
    if not team.wanted or now - team.asked_at > PATIENCE.total_seconds():
        return True
    up = [worker for other in pool.teams.values() for worker in other.workers.values()]
    nodes = {worker.node_id for worker in up if worker.node_id}
    used = sum(_up(other) * other.fraction for other in pool.teams.values())
    return used + team.fraction > max(pool.plan.min_nodes, len(nodes)) + 1e-6


def _up(team: Team) -> int:
    return len(team.workers) - len(team.wanted)


def _linger(team: Team) -> timedelta:
    return LINGER_WARM if team.pool.is_warm and not team.pool.drained else LINGER
