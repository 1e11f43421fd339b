"""What becomes of runs: their jobs begin, end, fail, come back, until nothing is left."""

import logging
from collections.abc import Callable, Iterator, Sequence

from orquestra.executor import failures
from orquestra.executor.failures import Failure, Reason, TaskFacts
from orquestra.executor.jobs import Job
from orquestra.executor.journal import Journal, stored_values
from orquestra.executor.protocol import Hello, Outcome, Recall
from orquestra.executor.runs import Run
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.surroundings import Crew
from orquestra.executor.teams import Team, Worker
from orquestra.sdk.schema.workflow_run import WorkflowRunId

_logger = logging.getLogger(__name__)


class Conductor:
    """Leads all runs. After the first failure of a run nothing more of it begins."""

    def __init__(self, scheduler: Scheduler, journal: Journal, crew: Crew) -> None:
        self.runs: dict[WorkflowRunId, Run] = {}
        self.finished: list[Run] = []
        """Runs of which nothing is left to do, until they are taken out of `runs`."""
        self._scheduler = scheduler
        self._journal = journal
        self._crew = crew

    def behind(self, job: Job) -> Iterator[Job]:
        """The chain of jobs that can be sent with one."""
        return self.runs[job.run_id].supply.behind(job)

    def begin(self, run: Run, now: float) -> None:
        """Begin to walk a run's graph."""
        self.runs[run.run_id] = run
        self._journal.stored(run, now)
        self.advance(run, now)

    def advance(self, run: Run, now: float) -> None:
        """Queue what has become ready."""
        if run.problem is None:
            for job in run.supply.ready(now):
                secret = run.secret(job.invocation_id)
                if secret:
                    facts = run.facts(job.invocation_id)
                    failure = failures.no_secrets(facts, secret=secret)
                    self._fail_unbegun(run, job, failure, now=now)
                    break
                self._scheduler.add(job)
        self.check_end(run)

    def take(self, job: Job, outcome: Outcome, hello: Hello) -> Run:
        """Note how a job has ended."""
        run = self.runs[job.run_id]
        span = outcome.started_at, outcome.ended_at
        if outcome.problem is not None:
            failure = Failure(reason=Reason.TASK, message=outcome.problem)
            self.fail(job, failure, hello=hello, span=span)
            return run
        run.succeed(job, outcome.values)
        values = stored_values(run.keeps(job), outcome.values)
        self._journal.succeeded(job, hello, span=span, values=values)
        return run

    def fail(
        self,
        job: Job,
        failure: Failure,
        *,
        hello: Hello,
        span: tuple[float | None, float],
    ) -> None:
        """Note that an attempt has failed: there is another, or its run ends."""
        run = self.runs[job.run_id]
        again = run.retries.runs_again(job.invocation_id, failure.reason) and run.problem is None
        self._journal.failed(job, hello, span=span, final=not again, message=failure.message)
        if not again:
            run.supply.close()
            self._end_by(run, job, failure)
        elif run.supply.take_back(job):
            self._scheduler.add(job, first=True)

    def fail_waiting(self, team: Team, reason: Callable[[TaskFacts], Failure], now: float) -> None:
        """Fail all jobs that wait for workers of a team: there will be none."""
        for job in team.take_all():
            run = self.runs[job.run_id]
            self._fail_unbegun(run, job, reason(run.facts(job.invocation_id)), now=now)

    def take_back(self, jobs: Sequence[Job]) -> None:
        """Queue jobs again that have not begun, before all others."""
        for job in reversed(jobs):
            run = self.runs[job.run_id]
            run.attempts[job.invocation_id] -= 1
            if run.supply.take_back(job):
                if run.problem is None:
                    self._scheduler.add(job, first=True)
                else:
                    run.supply.close()
            self.check_end(run)

    def stop(self, run: Run) -> list[Worker]:
        """Let nothing more of a run begin, and do not tell of its end; who still holds some."""
        run.over = True
        run.problem = run.problem or "The engine has ended the run."
        holders = self._call_off(run)
        self.check_end(run)
        return holders

    def check_end(self, run: Run) -> None:
        """Note whether anything of a run is left to do."""
        if run.supply.open or run.is_closed or (run.problem is None and run.walk.has_ready()):
            return
        if run.problem is None and not run.walk.is_finished():
            run.problem = "Some tasks ended without a result and without a reason."
        run.is_closed = True
        self.finished.append(run)

    def _fail_unbegun(self, run: Run, job: Job, failure: Failure, *, now: float) -> None:
        run.supply.close()
        if run.problem is None:
            run.count_attempt(job)
            self._journal.failed(job, None, span=(None, now), final=True, message=failure.message)
            self._end_by(run, job, failure)
        self.check_end(run)

    def _end_by(self, run: Run, job: Job, failure: Failure) -> None:
        if run.problem is None:
            _logger.info("%s fails by %s: %s", run.run_id, job.invocation_id, failure.reason)
            run.fail(job.invocation_id, failure)
            self._call_off(run)
        self.check_end(run)

    def _call_off(self, run: Run) -> list[Worker]:
        dropped, holders = self._scheduler.drop(run.run_id)
        run.supply.close(dropped)
        for worker in holders:
            self._crew.send(worker.worker_id, Recall())
        return holders
