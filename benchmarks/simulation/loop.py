"""The executor's loop in simulated time: what happens is told to its planning, which decides."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from benchmarks.simulation.agenda import Agenda
from benchmarks.simulation.graph import Graph, pool_of_image
from benchmarks.simulation.nodes import PoolNodes
from benchmarks.simulation.run import RUN, SimulatedRun
from benchmarks.simulation.sizes import Sizes
from benchmarks.simulation.workers import Runner, calls
from orquestra.executor.jobs import Job
from orquestra.executor.lookout import Lookout
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.staffing import Ask, Cancel, Change, Dismiss, Relieve, Staff
from orquestra.executor.teams import Phase, Worker
from orquestra.sdk.schema.cluster import NodeSize, PoolId, PoolPlan

MEMORY = 2**30


class SimulationStuck(Exception):
    """Nothing will happen any more, and yet tasks are left: the policy has a fault."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a simulation has found. `makespan` and `node_seconds` are simulated seconds.

    `decisions` are jobs given to workers and changes of staff; `policy_seconds` are of the
    processor: what the executor's code took for them, and for all that it was told. `most_nodes`
    is the most of one pool.
    """

    tasks: int
    makespan: float
    node_seconds: float
    most_nodes: int
    decisions: int
    policy_seconds: float


class Simulation:
    """One run on one cluster."""

    def __init__(self, sizes: Sizes, graph: Graph) -> None:
        names = map(str, count())
        self._seconds = graph.seconds
        self._agenda = Agenda()
        self._scheduler = Scheduler(self._behind)
        self._staff = Staff(self._scheduler, name=lambda: next(names))
        self._lookout = Lookout(self._scheduler, lambda pool_id: self._nodes[pool_id].release())
        self._runners: dict[str, Runner] = {}
        self._perhaps_idle: dict[Worker, None] = {}
        self._next_wake = 0.0
        self._decisions = 0
        self._policy_seconds = 0.0
        self._nodes = {
            pool_of_image(image): PoolNodes(
                sizes, self._agenda, places=sizes.cores, arrive=self._came_up
            )
            for image in range(sizes.images)
        }
        self._scheduler.set_pools([_plan(pool_id, sizes) for pool_id in self._nodes])
        self._scheduler.admit(RUN, dict.fromkeys(self._nodes, sizes.nodes_of_a_pool))
        self._run = SimulatedRun(graph, self._scheduler)

    def run(self) -> Outcome:
        """Run until all tasks have ended.

        Raises:
            SimulationStuck: they never will.
        """
        self._advance()
        self._decide()
        while not self._run.walk.is_finished():
            if not self._agenda.advance():
                raise SimulationStuck(
                    f"After {self._agenda.now:.0f} s nothing happens any more, and tasks wait."
                )
            self._decide()
        now = self._agenda.now
        return Outcome(
            tasks=len(self._seconds),
            makespan=now,
            node_seconds=sum(nodes.total(now) for nodes in self._nodes.values()),
            most_nodes=max(nodes.most for nodes in self._nodes.values()),
            decisions=self._decisions,
            policy_seconds=self._policy_seconds,
        )

    def began(self, runner: Runner, number: int) -> None:
        """A call has been running for a while: what is behind it may go elsewhere."""
        with self._policy():
            if self._scheduler.began(runner.worker, number):
                self._recall(runner)

    def ended(self, runner: Runner, number: int, *, seconds: float) -> None:
        """A call has ended: others may have become ready."""
        with self._policy():
            job = self._scheduler.ended(runner.worker, number, seconds=seconds)
            assert job is not None
            self._run.succeed(job)
            self._advance()
        self._perhaps_idle[runner.worker] = None

    def _came_up(self, worker_id: str) -> None:
        with self._policy():
            worker = self._scheduler.came_up(worker_id, self._agenda.now)
            if worker is None:
                return
            self._lookout.note_boot(worker, self._agenda.now)
        self._runners[worker_id] = Runner(worker, self._agenda, self)
        self._perhaps_idle[worker] = None

    def _behind(self, job: Job) -> Iterator[Job]:
        return self._run.supply.behind(job)  # the run is made after the scheduler

    def _advance(self) -> None:
        for job in self._run.supply.ready(self._agenda.now):
            self._scheduler.add(job)
        self._lookout.change()

    def _recall(self, runner: Runner) -> None:
        for job in reversed(self._scheduler.returned(runner.worker, runner.give_back())):
            if self._run.supply.take_back(job):
                self._scheduler.add(job, first=True)

    def _decide(self) -> None:
        """What the executor does after each look into its inbox."""
        now = self._agenda.now
        with self._policy():
            batches = self._scheduler.dispatch()
        for worker, batch in batches:
            self._decisions += len(batch)
            self._runners[worker.worker_id].take(calls(batch, self._seconds))
        with self._policy():
            leaving = self._settle(now)
            self._lookout.look([self._run], now)
            changes = self._staff.decide(now)
        for worker in leaving:
            self._leave(worker)
        for change in changes:
            self._decisions += 1
            self._apply(change)
        self._wake_up(now)

    def _settle(self, now: float) -> list[Worker]:
        leaving = []
        for worker in self._perhaps_idle:
            if worker.held or worker.worker_id not in self._runners:
                continue
            if worker.phase is Phase.UP:
                self._staff.rest(worker, now)
            else:
                leaving.append(worker)
        self._perhaps_idle.clear()
        return leaving

    def _apply(self, change: Change) -> None:
        if isinstance(change, Ask):
            self._nodes_of(change.worker).want(change.worker.worker_id)
        elif isinstance(change, Cancel):
            self._nodes_of(change.worker).unwant(change.worker.worker_id)
        elif isinstance(change, Dismiss):
            self._leave(change.worker)
        elif isinstance(change, Relieve):
            self._recall(self._runners[change.worker.worker_id])

    def _leave(self, worker: Worker) -> None:
        with self._policy():
            self._scheduler.gone(worker)
        del self._runners[worker.worker_id]
        self._nodes_of(worker).unwant(worker.worker_id)

    def _wake_up(self, now: float) -> None:
        deadlines = (self._staff.next_deadline(), self._lookout.next_deadline())
        due = min((at for at in deadlines if at is not None), default=None)
        if due is not None and (due < self._next_wake or self._next_wake <= now):
            self._next_wake = max(due, now)
            self._agenda.after(self._next_wake - now, _nothing)

    def _nodes_of(self, worker: Worker) -> PoolNodes:
        return self._nodes[worker.team.pool_id]

    @contextmanager
    def _policy(self) -> Iterator[None]:
        begin = time.process_time()
        yield
        self._policy_seconds += time.process_time() - begin


def _plan(pool_id: PoolId, sizes: Sizes) -> PoolPlan:
    size = NodeSize(cpu=sizes.cores, memory=MEMORY, gpu=0)
    return PoolPlan(
        id=pool_id, image=pool_id, min_nodes=0, max_nodes=sizes.nodes_of_a_pool, size=size
    )


def _nothing() -> None:
    """Only the time is to pass."""
