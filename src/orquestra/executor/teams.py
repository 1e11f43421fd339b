"""Workers as the scheduler knows them: by environment in teams, and teams by pool.

Pure, like all of scheduling.
"""

from collections import OrderedDict, deque
from enum import Enum

from orquestra.executor.capacity import node_fraction, tasks_per_node
from orquestra.executor.jobs import Job, Line, Share
from orquestra.executor.surroundings import Environment
from orquestra.sdk.schema.cluster import NodeId, PoolId, PoolPlan
from orquestra.sdk.schema.workflow_run import WorkflowRunId

TARGET = 0.020
"""Seconds of work that a worker holds at most, unless one job alone takes longer."""

_LOW = TARGET / 2
"""Seconds of work below which a worker gets more, so that it never runs dry."""


class Phase(Enum):
    """Life of a worker, as far as it can be given anything."""

    WANTED = "wanted"
    UP = "up"
    LEAVING = "leaving"


class Worker:
    """A worker: what it holds, by the numbers of its calls, and how busy that keeps it."""

    __slots__ = (
        "heard_at",
        "held",
        "idle_since",
        "last_number",
        "load",
        "node_id",
        "phase",
        "slow",
        "team",
        "wanted_at",
        "worker_id",
    )

    def __init__(self, worker_id: str, team: "Team", *, wanted_at: float) -> None:
        self.worker_id = worker_id
        self.team = team
        self.phase = Phase.WANTED
        self.wanted_at = wanted_at
        self.held: dict[int, Job] = {}
        self.last_number = 0
        self.load = 0.0
        self.slow: int | None = None
        """The call that has been running for a while; nothing is put behind it."""
        self.idle_since: float | None = None
        self.heard_at = wanted_at
        """When its last outcome came, or the first of its present calls went."""
        self.node_id: NodeId | None = None

    def is_low(self) -> bool:
        """Whether it can take more."""
        return self.phase is Phase.UP and self.slow is None and self.load <= _LOW


class Pool:
    """A pool, the teams in it, and how many of its nodes their workers take together."""

    def __init__(self, plan: PoolPlan) -> None:
        self.plan = plan
        self.teams: dict[Environment, Team] = {}
        self.used = 0.0
        """In nodes, workers that are only wanted included."""
        self.drained = False

    @property
    def is_warm(self) -> bool:
        """Whether nodes of it stay up without any work."""
        return self.plan.min_nodes > 0


class Team:
    """The workers of one environment and the jobs that wait for them, fairly between runs."""

    def __init__(self, environment: Environment, pool: Pool) -> None:
        self.environment = environment
        self.pool = pool
        self.fraction = node_fraction(environment.demand, pool.plan.size)
        """How much of a node one worker takes."""
        self.per_node = tasks_per_node(environment.demand, pool.plan.size)
        self.is_open = environment.requirements is None
        """Whether workers can be started: requirements have to be installed before."""
        self.problem: str | None = None
        """Why their installation has failed, where that was before its first job."""
        self.is_asked = False
        self.asked_at = 0.0
        """When it began to wait for room."""
        self.failed_starts = 0
        """Workers that have died one after the other before they were up."""
        self.not_before = 0.0
        """When to ask for another worker after that."""
        self.hinted = False
        """Whether its first job is about to become ready."""
        self.lines: dict[WorkflowRunId, Line] = {}
        self.rotation: deque[Line] = deque()
        self.waiting = 0
        self.unknown = 0
        self.seconds = 0.0
        """How long all waiting jobs will take; those of unknown kinds are counted apart."""
        self.workers: dict[str, Worker] = {}
        self.wanted: dict[str, Worker] = {}
        self.idle: OrderedDict[Worker, None] = OrderedDict()
        self.low: OrderedDict[Worker, None] = OrderedDict()

    @property
    def pool_id(self) -> PoolId:
        """The pool of its workers."""
        return self.environment.pool_id

    def most(self, size_in_nodes: int) -> int:
        """How many of its workers fit on so many nodes."""
        return size_in_nodes * self.per_node

    def add(self, job: Job, share: Share, *, first: bool = False) -> None:
        """Queue a job of a run."""
        line = self.lines.get(job.run_id)
        if line is None:
            line = self.lines[job.run_id] = Line(self, share, most=self.most(share.limit))
        if not line.is_queued and not line.parked:
            line.is_queued = True
            self.rotation.append(line)
        if first:
            line.jobs.appendleft(job)
        else:
            line.jobs.append(job)
        self._count(job, 1)

    def take(self, line: Line) -> Job:
        """Take the first job of a line."""
        job = line.jobs.popleft()
        self._count(job, -1)
        return job

    def take_all(self) -> list[Job]:
        """Take all jobs that wait, of all runs."""
        return [self.take(line) for line in self.lines.values() for _ in range(len(line.jobs))]

    def drop(self, run_id: WorkflowRunId) -> int:
        """Forget all waiting jobs of a run; how many there were."""
        line = self.lines.get(run_id)
        count = len(line.jobs) if line else 0
        for _ in range(count):
            assert line
            self.take(line)
        return count

    def _count(self, job: Job, sign: int) -> None:
        kind = job.kind
        kind.waiting += sign
        self.waiting += sign
        if kind.mean is None:
            self.unknown += sign
        else:
            self.seconds += sign * kind.mean

    def file(self, worker: Worker) -> None:
        """Put a worker among the idle or the low ones, or take it out of them."""
        if worker.phase is not Phase.UP or worker.held:
            self.idle.pop(worker, None)
        elif worker not in self.idle:
            self.idle[worker] = None
        if worker.held and worker.is_low():
            self.low[worker] = None
        else:
            self.low.pop(worker, None)
