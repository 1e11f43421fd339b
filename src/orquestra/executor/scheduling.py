"""Which job goes to which worker, and when jobs are called back.

Pure: no Ray, no sockets, and the time is passed in. The cost of an event does not depend on how
many jobs wait, or on how many workers there are.

A worker gets jobs for about `teams.TARGET` seconds at once, by what jobs of their kind took so
far, so that short ones do not travel one by one; a long one travels alone. Of jobs of an unknown
kind it gets a few at most, and never so many that another worker would have none. What was put
behind a job that turns out to be long is called back. Behind a job travels the chain of jobs that
nobody else could run earlier.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from orquestra.executor.jobs import UNKNOWN, Job, Kind, Line, Share
from orquestra.executor.protocol import LONG, FunctionKey, Work
from orquestra.executor.surroundings import Environment
from orquestra.executor.teams import TARGET, Phase, Pool, Team, Worker
from orquestra.sdk.schema.cluster import NodeId, PoolId, PoolPlan
from orquestra.sdk.schema.workflow_run import WorkflowRunId

Follow = Callable[[Job], Iterable[Job]]
"""Gives the chain of jobs behind one, in order."""


class Sent(NamedTuple):
    """A job for a worker, as its call of this number, behind the call `after`."""

    number: int
    job: Job
    after: int | None


class Scheduler:
    """All jobs that are ready or running, and all workers."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self.pools: dict[PoolId, Pool] = {}
        self.workers: dict[str, Worker] = {}
        self._shares: dict[WorkflowRunId, dict[PoolId, Share]] = {}
        self._kinds: dict[tuple[FunctionKey, Environment, Work], Kind] = {}
        self._stirred: dict[Team, None] = {}
        self.touched: dict[Pool, None] = {}
        """Pools in which something has changed that may want other workers."""

    def set_pools(self, pools: Sequence[PoolPlan]) -> None:
        """Take the pools that there are. Of those that are gone nothing stays up without work."""
        for known in self.pools.values():
            known.plan = known.plan.model_copy(update={"min_nodes": 0})
        for plan in pools:
            pool = self.pools.get(plan.id)
            if pool is None:
                self.pools[plan.id] = pool = Pool(plan)
            pool.plan = plan
            self.touched[pool] = None

    def admit(self, run_id: WorkflowRunId, max_nodes: Mapping[PoolId, int]) -> None:
        """Let a run take part, with so many nodes of each pool."""
        self._shares[run_id] = {pool_id: Share(count) for pool_id, count in max_nodes.items()}

    def team(self, environment: Environment) -> Team:
        """The team of an environment."""
        pool = self.pools[environment.pool_id]
        team = pool.teams.get(environment)
        if team is None:
            team = pool.teams[environment] = Team(environment, pool)
        return team

    def kind(self, function: FunctionKey, environment: Environment, *, work: Work = "task") -> Kind:
        """The kind of a task definition's jobs in an environment."""
        key = function, environment, work
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = Kind(function, self.team(environment), work)
        return kind

    def add(self, job: Job, *, first: bool = False) -> None:
        """Queue a job that is ready; `first` for one that was ready before."""
        team = job.kind.team
        team.add(job, self._shares[job.run_id][team.pool_id], first=first)
        team.hinted = False
        self._stirred[team] = None

    def drop(self, run_id: WorkflowRunId) -> tuple[int, list[Worker]]:
        """Forget the waiting jobs of a run: how many, and the workers that still hold some."""
        dropped = 0
        holders: list[Worker] = []
        for pool_id, share in self._shares[run_id].items():
            holders.extend(share.users)
            for team in self.pools[pool_id].teams.values():
                dropped += team.drop(run_id)
                self.touched[team.pool] = None
        return dropped, holders

    def forget(self, run_id: WorkflowRunId) -> None:
        """Forget a run that holds nothing any more."""
        for pool_id in self._shares.pop(run_id, {}):
            for team in self.pools[pool_id].teams.values():
                team.lines.pop(run_id, None)
        for key in [key for key in self._kinds if key[0][0] == run_id]:
            del self._kinds[key]
        in_use = {kind.team for kind in self._kinds.values()}
        for pool in self.pools.values():
            for team in list(pool.teams.values()):
                if team not in in_use and not team.workers:
                    del pool.teams[team.environment]

    def runs_of(self, team: Team) -> set[WorkflowRunId]:
        """The runs that have, or will have, jobs for a team."""
        return {key[0][0] for key, kind in self._kinds.items() if kind.team is team}

    def came_up(
        self, worker_id: str, now: float, *, node_id: NodeId | None = None
    ) -> Worker | None:
        """Note that a worker can take jobs; None if nobody has asked for it."""
        worker = self.workers.get(worker_id)
        if worker is None or worker.phase is not Phase.WANTED:
            return None
        worker.phase = Phase.UP
        worker.node_id = node_id
        worker.team.asked_at = now
        worker.idle_since = now
        worker.team.wanted.pop(worker_id, None)
        self._changed(worker)
        return worker

    def ended(self, worker: Worker, number: int, *, seconds: float) -> Job | None:
        """Note that a job has ended; None if the worker does not hold it."""
        job = self._release(worker, number)
        if job is not None:
            job.kind.measure(seconds)
        return job

    def began(self, worker: Worker, number: int) -> bool:
        """Note that a job has been running for a while. True: call back what is behind it."""
        job = worker.held.get(number)
        if job is None:
            return False
        job.kind.at_least(LONG.total_seconds())
        worker.slow = number
        self._changed(worker)
        behind = [other for at, other in worker.held.items() if at != number]
        rivals = any(
            line.jobs for line in worker.team.rotation if line.share is not self._share(job)
        )
        return any(not other.ahead for other in behind) or bool(behind and rivals)

    def returned(self, worker: Worker, numbers: Iterable[int]) -> list[Job]:
        """Take back jobs that a worker has not begun."""
        jobs = [self._release(worker, number) for number in numbers]
        return [job for job in jobs if job is not None]

    def retire(self, worker: Worker) -> None:
        """Give a worker nothing more."""
        worker.phase = Phase.LEAVING
        self._changed(worker)

    def gone(self, worker: Worker) -> dict[int, Job]:
        """Forget a worker; the jobs that it held, by number."""
        held = dict(worker.held)
        for number in held:
            self._release(worker, number)
        worker.phase = Phase.LEAVING
        team = worker.team
        team.file(worker)
        if self.workers.pop(worker.worker_id, None):
            team.workers.pop(worker.worker_id, None)
            team.wanted.pop(worker.worker_id, None)
            team.pool.used -= team.fraction
        self._changed(worker)
        return held

    def stir(self, team: Team) -> None:
        """Look at a team again in the next `dispatch`."""
        self._stirred[team] = None

    def dispatch(self) -> list[tuple[Worker, list[Sent]]]:
        """Give jobs to workers that have room for them."""
        batches: dict[Worker, list[Sent]] = {}
        while self._stirred:
            team, _ = self._stirred.popitem()
            self._feed(team, batches)
            self.touched[team.pool] = None
        return list(batches.items())

    def _feed(self, team: Team, batches: dict[Worker, list[Sent]]) -> None:
        while team.rotation and (worker := _next_worker(team)):
            line = _next_line(team, worker)
            if line is None:
                if not worker.held:
                    return  # what holds for one idle worker holds for all
                continue
            batch = batches.setdefault(worker, [])
            before = len(batch)
            self._give(worker, line, batch)
            if len(batch) == before:
                continue
            worker.idle_since = None
            team.file(worker)

    def _give(self, worker: Worker, line: Line, batch: list[Sent]) -> None:
        team = line.team
        room = len(team.idle) + len(team.low) + 1
        even = max(1, team.waiting // room)
        given = 0
        while line.jobs and given < even and _takes(worker, line.jobs[0]):
            job = team.take(line)
            self._hold(worker, job, batch, after=None)
            given += 1
            if job.load <= TARGET:
                self._give_chain(worker, job, batch)

    def _give_chain(self, worker: Worker, job: Job, batch: list[Sent]) -> None:
        for follower in self._follow(job):
            follower.ahead = True
            self._hold(worker, follower, batch, after=worker.last_number)

    def _hold(self, worker: Worker, job: Job, batch: list[Sent], *, after: int | None) -> None:
        worker.last_number += 1
        worker.held[worker.last_number] = job
        mean = job.kind.mean
        job.load = UNKNOWN if mean is None else mean
        worker.load += job.load
        batch.append(Sent(worker.last_number, job, after))
        share = self._share(job)
        count = share.users.get(worker, 0)
        share.users[worker] = count + 1
        if count == 0:
            share.used += worker.team.fraction
            worker.team.lines[job.run_id].workers += 1

    def _release(self, worker: Worker, number: int) -> Job | None:
        job = worker.held.pop(number, None)
        if job is None:
            return None
        worker.load = worker.load - job.load if worker.held else 0.0
        if worker.slow == number:
            worker.slow = None
        share = self._share(job)
        share.users[worker] -= 1
        if share.users[worker] == 0:
            del share.users[worker]
            share.used -= worker.team.fraction
            worker.team.lines[job.run_id].workers -= 1
            self._unpark(share)
        self._changed(worker)
        return job

    def _unpark(self, share: Share) -> None:
        parked, share.parked = share.parked, []
        for line in parked:
            line.parked = False
            if line.jobs:
                line.is_queued = True
                line.team.rotation.append(line)
                self._stirred[line.team] = None

    def _share(self, job: Job) -> Share:
        return self._shares[job.run_id][job.kind.team.pool_id]

    def _changed(self, worker: Worker) -> None:
        worker.team.file(worker)
        self._stirred[worker.team] = None


def _next_worker(team: Team) -> Worker | None:
    """The idle worker that has worked last, else one that has little left."""
    if team.idle:
        return next(reversed(team.idle))
    return team.low.popitem(last=False)[0] if team.low else None


def _next_line(team: Team, worker: Worker) -> Line | None:
    """The line whose turn it is, moved to the end; lines of runs at their limit step aside."""
    while team.rotation:
        line = team.rotation.popleft()
        line.is_queued = False
        if not line.jobs:
            continue
        if worker in line.share.users or line.has_room():
            line.is_queued = True
            team.rotation.append(line)
            return line
        line.parked = True
        line.share.parked.append(line)
    return None


def _takes(worker: Worker, job: Job) -> bool:
    if not worker.held:
        return True
    mean = job.kind.mean
    if mean is not None:
        return worker.load + mean <= TARGET
    team = worker.team
    few = (team.waiting + len(worker.held)) // max(1, len(team.workers))
    return worker.load + UNKNOWN <= TARGET and len(worker.held) < few
