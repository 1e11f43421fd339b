"""Workers that run nothing: calls take as long, and end, as a test says, in a time of its own."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from orquestra.executor.capacity import node_fraction
from orquestra.executor.executor import Executor
from orquestra.executor.protocol import (
    LONG,
    Began,
    Call,
    Calls,
    Counted,
    Hello,
    Leave,
    Outcome,
    Outcomes,
    Recall,
    Returned,
)
from orquestra.executor.surroundings import (
    Answer,
    Answered,
    Cause,
    Death,
    Died,
    Environment,
    FromWorker,
    Installed,
    Lost,
    Question,
    Said,
    Surroundings,
    ToWorker,
)
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema.cluster import (
    CachedResult,
    Event,
    Location,
    LogLines,
    NodeId,
    NodeSize,
    PoolId,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import WorkflowRunId

NODE = NodeId("node-1")
BOOT = 0.5
"""Seconds until a worker is up."""
ANSWER = 0.01
"""Seconds until a question is answered."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How a call goes: how long it takes, and how it ends.

    While a `silent` one runs, its worker neither says nor hears anything. One that counts the
    elements of a map finds `length` and `digests`.
    """

    seconds: float = 0.001
    silent: bool = False
    problem: str | None = None
    death: Cause | None = None
    is_exit: bool = False
    length: int = 0
    digests: Mapping[str, list[bytes]] = field(default_factory=dict)


class _Worker:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.is_up = False
        self.leaves = False
        self.queue: deque[Call] = deque()
        self.running: Call | None = None
        self.is_deaf = False
        self.failed: set[int] = set()


class MemoryCrew:
    """The neighbours of an executor, all in one, with a simulated clock.

    `behave` says how each call goes. Pools have nodes of `size`, `nodes` of each. The records:
    `calls` in the order of their beginnings, with worker and time, `events`, `released` pools, and
    the greatest number of workers of a pool that were ever up at once, and what the executor has
    `asked` about and `forgotten`. `remembered` are results of earlier runs, by the names of jobs.
    Large constants go into the `exchange`, where there is one.
    """

    def __init__(
        self,
        *,
        behave: Callable[[Call], Behaviour] = lambda _: Behaviour(),
        nodes: int = 1,
        size: NodeSize,
        exchange: Path | None = None,
    ) -> None:
        self.now = 1_000_000.0
        self.calls: list[tuple[float, str, Call]] = []
        self.events: list[Event] = []
        self.released: list[PoolId] = []
        self.started: list[tuple[float, Environment]] = []
        self.messages: list[tuple[str, ToWorker]] = []
        self.most_up = 0
        self.installs = 0
        self.access: SecretsLogin | None = None
        """How the passwords of the last installation were to be read."""
        self.install_problem: str | None = None
        self.unable: str | None = None
        self.asked: list[Question] = []
        self.forgotten: list[WorkflowRunId] = []
        self.remembered: dict[str, CachedResult] = {}
        self._behave = behave
        self._nodes = nodes
        self._size = size
        self._workers: dict[str, _Worker] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self.executor = Executor(
            Surroundings(
                inbox=self._inbox,
                crew=self,
                placement=self,
                events=self,
                lookups=self,
                exchange=exchange,
                release_pool=self.released.append,
                clock=lambda: self.now,
            )
        )

    @property
    def up(self) -> list[str]:
        """The workers that are up."""
        return [name for name, worker in self._workers.items() if worker.is_up]

    def add(self, *events: Event) -> None:
        """Keep events."""
        self.events.extend(events)

    def add_lines(self, lines: LogLines, *, posted: Callable[[], None]) -> None:
        """Keep lines."""
        self.events.append(lines)
        posted()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later, in the simulated time."""
        heapq.heappush(self._agenda, (self.now + seconds, next(self._order), action))

    def play(self, *, until: float = 1e9) -> None:
        """Let time pass until nothing is left to happen, or for so many seconds."""
        end = self.now + until
        self.executor.turn()
        while self._agenda and self._agenda[0][0] <= end:
            self.now, _, action = heapq.heappop(self._agenda)
            action()
            self.executor.turn()
        if until < 1e9:  # noqa: PLR2004
            self.now = end
            self.executor.turn()

    def start(self, worker_id: str, environment: Environment) -> None:
        """Bring a worker up once there is room."""
        self.started.append((self.now, environment))
        self._workers[worker_id] = _Worker(environment)
        if self.unable:
            self._die(worker_id, Death(cause=Cause.UNABLE, message=self.unable))
        else:
            self.after(BOOT, self._bring_up)

    def cancel(self, worker_id: str) -> None:
        """Forget a worker."""
        self._die(worker_id, Death(cause=Cause.CANCELLED))

    def arrived(self, hello: Hello) -> None:
        """Do nothing: the test knows its workers."""

    def lost(self, worker_id: str) -> None:
        """End a worker."""
        self._die(worker_id, Death(cause=Cause.ENDED))

    def install(
        self,
        environment: Environment,
        *,
        image: str,  # noqa: ARG002
        access: SecretsLogin | None,
    ) -> None:
        """Install nothing."""
        self.installs += 1
        self.access = access
        assert environment.requirements
        done = Installed(environment.pool_id, environment.requirements, self.install_problem)
        self.after(1, partial(self._inbox.put, done))

    def ask(self, question: Question) -> None:
        """Answer after a while."""
        self.asked.append(question)
        name = question.job.name
        answer = Answer(question.job, f"key of {name}", self.remembered.get(name))
        self.after(ANSWER, partial(self._inbox.put, Answered([answer])))

    def forget(self, run_id: WorkflowRunId) -> None:
        """Note the run; its questions are answered all the same."""
        self.forgotten.append(run_id)

    def close(self, worker_id: str) -> None:
        """Do nothing: there is no connection."""

    def send(self, worker_id: str, message: ToWorker) -> None:
        """Let a worker take a message."""
        self.messages.append((worker_id, message))
        worker = self._workers.get(worker_id)
        if worker is None or worker.is_deaf:
            return
        if isinstance(message, Calls):
            worker.queue.extend(message.calls)
        elif isinstance(message, Recall):
            numbers = [call.number for call in worker.queue]
            worker.queue.clear()
            self._say(worker_id, Returned(numbers))
        elif isinstance(message, Leave):
            worker.leaves = True
        self.after(0, partial(self._go_on, worker_id))

    def tell(self, item: Said | Lost | Died) -> None:
        """Tell the executor something; it is taken in its next turn."""
        self._inbox.put(item)

    def kill(self, worker_id: str, cause: Cause) -> None:
        """Let a worker die."""
        running = self._workers[worker_id].running
        self._die(worker_id, Death(cause=cause, running=running.number if running else None))

    def _say(self, worker_id: str, message: FromWorker) -> None:
        self._inbox.put(Said([(worker_id, message)]))

    def _die(self, worker_id: str, death: Death) -> None:
        worker = self._workers.pop(worker_id, None)
        if worker:
            if worker.is_up:
                self._inbox.put(Lost(worker_id))
            self._inbox.put(Died(worker_id, death))
            self.after(0.01, self._bring_up)

    def _bring_up(self) -> None:
        for worker_id, worker in self._workers.items():
            if not worker.is_up and self._has_room(worker.environment):
                worker.is_up = True
                self._say(worker_id, Hello(worker_id, NODE, 1, self.now))
        self.most_up = max(self.most_up, len(self.up))

    def _has_room(self, environment: Environment) -> bool:
        used = sum(
            node_fraction(worker.environment.demand, self._size)
            for worker in self._workers.values()
            if worker.is_up and worker.environment.pool_id == environment.pool_id
        )
        return used + node_fraction(environment.demand, self._size) <= self._nodes + 1e-6

    def _go_on(self, worker_id: str) -> None:
        worker = self._workers.get(worker_id)
        if worker is None or worker.running:
            return
        if worker.queue:
            self._run(worker_id, worker, worker.queue.popleft())
        elif worker.leaves:
            self._die(worker_id, Death(cause=Cause.ENDED))

    def _run(self, worker_id: str, worker: _Worker, call: Call) -> None:
        if call.after in worker.failed:
            worker.failed.add(call.number)
            self._say(worker_id, Returned([call.number]))
            self._go_on(worker_id)
            return
        self.calls.append((self.now, worker_id, call))
        worker.running = call
        behaviour = self._behave(call)
        worker.is_deaf = behaviour.silent
        if behaviour.seconds > LONG.total_seconds() and not behaviour.silent:
            self.after(LONG.total_seconds(), partial(self._begin, worker_id, call, self.now))
        self.after(behaviour.seconds, partial(self._end, worker_id, call, behaviour, self.now))

    def _begin(self, worker_id: str, call: Call, started_at: float) -> None:
        if worker_id in self._workers:
            self._say(worker_id, Began(call.number, started_at))

    def _end(self, worker_id: str, call: Call, behaviour: Behaviour, started_at: float) -> None:
        worker = self._workers.get(worker_id)
        if worker is None:
            return
        if behaviour.death:
            self.kill(worker_id, behaviour.death)
            return
        worker.running = None
        worker.is_deaf = False
        if behaviour.problem:
            worker.failed.add(call.number)
        kept = () if behaviour.problem else call.keeps
        values = tuple(
            Location(f"{call.function[0]}.{worker_id}.1", call.number, 1, ValueFormat.JSON)
            for _ in kept
        )
        counts = call.work == "count" and not behaviour.problem
        outcome = Outcome(
            call.number,
            started_at,
            self.now,
            values,
            behaviour.problem,
            Counted(behaviour.length, dict(behaviour.digests)) if counts else None,
            may_repeat=not behaviour.is_exit,
        )
        self._say(worker_id, Outcomes([outcome]))
        self._go_on(worker_id)
