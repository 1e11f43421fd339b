"""The executor: walks the graphs of all runs of a cluster to their ends.

One thread does everything that changes its state: it takes what others have put into the inbox,
then gives out jobs, then tells what happened, then waits for more.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty
from typing import Any, NoReturn
from uuid import uuid4

from orquestra.executor import failures
from orquestra.executor.commands import Begin, End, SetPools
from orquestra.executor.conductor import Conductor
from orquestra.executor.deadlines import Deadline, Deadlines
from orquestra.executor.errors import BadGraph
from orquestra.executor.installing import Installations
from orquestra.executor.jobs import Job
from orquestra.executor.journal import Journal
from orquestra.executor.lookout import Lookout
from orquestra.executor.losses import Losses
from orquestra.executor.protocol import (
    Began,
    Hello,
    Leave,
    Lines,
    Outcomes,
    Recall,
    Returned,
    Taken,
)
from orquestra.executor.roster import Roster
from orquestra.executor.runs import Run, moment
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.staffing import (
    Ask,
    Cancel,
    Change,
    Dismiss,
    Prepare,
    Staff,
    default_environment,
)
from orquestra.executor.surroundings import (
    Answered,
    Broken,
    Died,
    FromWorker,
    Installed,
    Installing,
    Lost,
    Said,
    Surroundings,
)
from orquestra.executor.teams import Phase, Team, Worker
from orquestra.executor.vigil import Vigil
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import PoolPlan, RunFinished, RunPlan, RunStarted
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId


class Executor:
    """Executes runs. After the first failure of a run nothing more of it begins.

    `set_pools`, `begin`, `end` and `fail` may be called from any thread; they return at once.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._inbox = surroundings.inbox
        self._crew = surroundings.crew
        self._placement = surroundings.placement
        self._events = surroundings.events
        self._clock = surroundings.clock
        self._roster = Roster(self._crew)
        self._perhaps_idle: dict[Worker, None] = {}
        self._scheduler = Scheduler(self._behind)
        self._new_run = partial(
            Run,
            scheduler=self._scheduler,
            exchange=surroundings.exchange,
            local_secrets=surroundings.local_secrets,
        )
        self._staff = Staff(self._scheduler, name=lambda: uuid4().hex[:12])
        self._journal = Journal(surroundings.events)
        self._conductor = Conductor(
            self._scheduler, self._journal, self._crew, lookups=surroundings.lookups
        )
        self._runs = self._conductor.runs
        self._vigil = Vigil(
            self._scheduler,
            is_over=lambda job: self._runs[job.run_id].over,
            exchange=surroundings.exchange,
        )
        self._deadlines = Deadlines()
        self._losses = Losses(
            self._scheduler, self._conductor, journal=self._journal, staff=self._staff
        )
        self._installations = Installations(self._placement, self._scheduler, self._runs)
        self._lookout = Lookout(self._scheduler, surroundings.release_pool)
        self._error: Exception | None = None
        self._on_item: dict[type[Any], Callable[[Any], None]] = {
            Said: self._on_said,
            Lost: self._on_lost,
            Died: self._on_died,
            Installing: self._on_installing,
            Installed: self._on_installed,
            Answered: self._on_answered,
            SetPools: self._on_set_pools,
            Begin: self._on_begin,
            End: self._on_end,
            Broken: self._on_broken,
        }
        self._on_message: dict[type[Any], Callable[[Worker, Any], None]] = {
            Outcomes: self._on_outcomes,
            Began: self._on_began,
            Lines: self._on_lines,
            Returned: self._on_returned,
        }

    def set_pools(self, pools: Sequence[PoolPlan]) -> None:
        """Take the pools that there are now; before `begin` of a run that uses new ones."""
        self._inbox.put(SetPools(pools))

    def begin(self, plan: RunPlan, definition: ir.WorkflowDef) -> None:
        """Execute a run; one that is being executed already goes on as it is."""
        self._inbox.put(Begin(plan, definition))

    def end(self, run_id: WorkflowRunId) -> None:
        """Call off what is left of a run: the engine has ended it, or knows its end."""
        self._inbox.put(End(run_id))

    def fail(self, error: Exception) -> None:
        """Let `run_forever` raise an error that another thread has met."""
        self._inbox.put(Broken(error))

    def run_forever(self) -> NoReturn:
        """Work until something fails, and raise that error."""
        while self._error is None:
            self.turn(wait=True)
        raise self._error

    def turn(self, *, wait: bool = False) -> None:
        """Take all that is in the inbox, and do what follows; `wait` for something first."""
        item = self._next(wait=wait)
        while item is not None:
            self._on_item[type(item)](item)
            item = self._next(wait=False)
        self._act()

    def _next(self, *, wait: bool) -> Any:
        try:
            return self._inbox.get(wait, self._patience() if wait else None)
        except Empty:
            return None

    def _patience(self) -> float | None:
        sources = (self._staff, self._lookout, self._vigil, self._roster, self._deadlines)
        deadlines = [each.next_deadline() for each in (*sources, self._conductor.postponed)]
        due = min((at for at in deadlines if at is not None), default=None)
        return None if due is None else max(0.0, due - self._clock())

    def _act(self) -> None:
        now = self._clock()
        self._watch(now)
        for worker, sents in self._scheduler.dispatch():
            self._vigil.gave(worker, now, first=len(worker.held) == len(sents))
            self._roster.give(worker, sents, self._runs)
        for worker in self._perhaps_idle:
            self._settle(worker, now)
        self._perhaps_idle.clear()
        self._lookout.look(self._runs.values(), now)
        for change in self._staff.decide(now):
            self._apply(change)
        self._journal.post()
        self._finish(now)

    def _watch(self, now: float) -> None:
        for died in self._roster.overdue(now):
            self._end_worker(died)
        for worker in self._vigil.unstopped(now):
            self._cancel(worker)
        for worker, number, started_at in self._vigil.silent(now):
            self._slow_down(worker, number, started_at)
        for worker in self._deadlines.missed(now):
            self._cancel(worker)
        self._conductor.resume(now)

    def _behind(self, job: Job) -> Iterator[Job]:
        return self._conductor.behind(job)

    def _settle(self, worker: Worker, now: float) -> None:
        if worker.held or worker.worker_id not in self._roster:
            return
        if worker.phase is Phase.UP:
            self._staff.rest(worker, now)
        else:
            self._crew.send(worker.worker_id, Leave())

    def _apply(self, change: Change) -> None:
        if isinstance(change, Prepare):
            problem = self._installations.begin(change.team)
            if problem is not None:
                self._fail_uninstalled(change.team, problem)
            return
        worker = change.worker
        if isinstance(change, Ask):
            self._placement.start(worker.worker_id, worker.team.environment)
        elif isinstance(change, Cancel):
            self._placement.cancel(worker.worker_id)
        elif isinstance(change, Dismiss):
            self._crew.send(worker.worker_id, Leave())
        else:
            self._crew.send(worker.worker_id, Recall())

    def _finish(self, now: float) -> None:
        finished = self._conductor.finished[:]
        self._conductor.finished.clear()
        for run in finished:
            if not run.over:
                state = State.FAILED if run.problem else State.SUCCEEDED
                self._events.add(
                    RunFinished(run_id=run.run_id, at=moment(now), state=state, message=run.problem)
                )
            self._forget(run)

    def _forget(self, run: Run) -> None:
        self._conductor.forget(run)
        run.close()
        self._scheduler.forget(run.run_id)
        self._lookout.change()
        self._roster.forget(run.run_id)

    # What others have put into the inbox.

    def _on_set_pools(self, item: SetPools) -> None:
        self._scheduler.set_pools(item.pools)
        for plan in item.pools:
            pool = self._scheduler.pools[plan.id]
            if pool.is_warm:
                self._scheduler.team(default_environment(pool))

    def _on_begin(self, item: Begin) -> None:
        plan = item.plan
        if plan.run_id in self._runs:
            return
        now = self._clock()
        self._events.add(RunStarted(run_id=plan.run_id, at=moment(now)))
        try:
            run = self._new_run(plan, item.definition)
        except BadGraph as error:
            # Another head would fail in the same way.
            self._events.add(
                RunFinished(
                    run_id=plan.run_id, at=moment(now), state=State.FAILED, message=str(error)
                )
            )
            return
        self._scheduler.admit(plan.run_id, plan.max_nodes)
        self._lookout.change()
        self._conductor.begin(run, now)

    def _on_end(self, item: End) -> None:
        run = self._runs.get(item.run_id)
        if run is None or run.over:
            return
        holders = self._conductor.stop(run)
        self._vigil.stop(holders, self._clock())
        for worker in holders:
            self._stop_if_over(worker)

    def _on_broken(self, item: Broken) -> None:
        self._error = self._error or item.error

    def _on_said(self, item: Said) -> None:
        for worker_id, message in item.messages:
            self._hear(worker_id, message)

    def _hear(self, worker_id: str, message: FromWorker) -> None:
        if isinstance(message, Hello):
            self._on_hello(message)
            return
        worker = self._scheduler.workers.get(worker_id)
        if worker is None or worker_id not in self._roster:
            return  # it was given up before
        self._on_message[type(message)](worker, message)
        self._perhaps_idle[worker] = None

    def _on_hello(self, hello: Hello) -> None:
        now = self._clock()
        worker = self._scheduler.came_up(hello.worker_id, now, node_id=hello.node_id)
        if worker is None:
            self._crew.send(hello.worker_id, Leave())
            return
        self._roster.arrive(hello)
        worker.team.failed_starts = 0
        worker.team.not_before = 0
        self._lookout.note_boot(worker, now)
        self._placement.arrived(hello)
        self._perhaps_idle[worker] = None

    def _on_outcomes(self, worker: Worker, message: Outcomes) -> None:
        hello = self._roster.hello(worker)
        changed: dict[WorkflowRunId, Run] = {}
        for outcome in message.outcomes:
            seconds = outcome.ended_at - outcome.started_at
            job = self._scheduler.ended(worker, outcome.number, seconds=seconds)
            if job is not None:
                changed[job.run_id] = self._conductor.take(job, outcome, hello)
        now = worker.heard_at = self._clock()
        for run in changed.values():
            self._conductor.advance(run, now)
        self._lookout.change()

    def _on_began(self, worker: Worker, message: Began) -> None:
        job = worker.held.get(message.number)
        if job is None:
            return
        if not job.is_count:
            self._journal.began(job, self._roster.hello(worker), started_at=message.started_at)
        self._slow_down(worker, message.number, message.started_at)

    def _slow_down(self, worker: Worker, number: int, started_at: float) -> None:
        if self._scheduler.began(worker, number):
            self._crew.send(worker.worker_id, Recall())
        job = worker.held[number]
        limit = self._runs[job.run_id].timeout(job)
        if limit is not None:
            self._deadlines.began(worker, Deadline(number, started_at, limit))
        self._stop_if_over(worker)

    def _on_lines(self, worker: Worker, message: Lines) -> None:
        job = worker.held.get(message.number)
        posted = partial(self._crew.send, worker.worker_id, Taken())
        if job is None:
            posted()
            return
        hello = self._roster.hello(worker)
        self._journal.lines(job, hello, stream=message.stream, lines=message.lines, posted=posted)

    def _on_returned(self, worker: Worker, message: Returned) -> None:
        self._conductor.take_back(self._scheduler.returned(worker, message.numbers))

    def _on_lost(self, item: Lost) -> None:
        worker = self._scheduler.workers.get(item.worker_id)
        if worker is None or item.worker_id not in self._roster:
            return
        died = self._roster.lose(item.worker_id)
        if died:
            self._end_worker(died)
        else:
            self._scheduler.retire(worker)
            self._placement.lost(item.worker_id)

    def _on_died(self, item: Died) -> None:
        worker = self._scheduler.workers.get(item.worker_id)
        if worker is not None and self._roster.speaks(item, self._clock()):
            self._scheduler.retire(worker)
        else:
            self._end_worker(item)

    def _end_worker(self, item: Died) -> None:
        hello = self._roster.remove(item.worker_id)
        worker = self._scheduler.workers.get(item.worker_id)
        if worker is None:
            return
        self._perhaps_idle.pop(worker, None)
        missed = self._deadlines.gone(worker)
        self._losses.take(worker, item.death, hello=hello, missed=missed, now=self._clock())

    def _on_installing(self, item: Installing) -> None:
        teams = self._installations.teams(item.pool_id, item.requirements)
        run_ids = {run_id for team in teams for run_id in self._scheduler.runs_of(team)}
        run_ids &= self._runs.keys()
        self._journal.setup_lines(sorted(run_ids), item.lines, node_id=item.node_id)

    def _on_installed(self, item: Installed) -> None:
        for team in self._installations.end(item):
            self._scheduler.stir(team)
            if item.problem is not None:
                self._fail_uninstalled(team, item.problem)

    def _on_answered(self, item: Answered) -> None:
        now = self._clock()
        for run in self._conductor.answered(item.answers, now):
            self._conductor.advance(run, now)
        self._lookout.change()

    def _fail_uninstalled(self, team: Team, problem: str) -> None:
        reason = partial(failures.environment, said=problem)
        self._conductor.fail_waiting(team, reason, self._clock())

    def _stop_if_over(self, worker: Worker) -> None:
        if worker.slow is not None and self._runs[worker.held[worker.slow].run_id].over:
            self._cancel(worker)

    def _cancel(self, worker: Worker) -> None:
        self._scheduler.retire(worker)
        self._placement.cancel(worker.worker_id)
