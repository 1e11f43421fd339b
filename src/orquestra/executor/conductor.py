"""What becomes of runs: their jobs begin, end, fail, come back, until nothing is left."""

import logging
from collections.abc import Callable, Iterator, Sequence

from orquestra.executor import failures
from orquestra.executor.failures import CAUSES, Failure, Reason, TaskFacts
from orquestra.executor.jobs import Job
from orquestra.executor.journal import Journal, stored_values
from orquestra.executor.maps import MOST_ELEMENTS
from orquestra.executor.postponed import Postponed
from orquestra.executor.protocol import Counted, Hello, Outcome, Recall
from orquestra.executor.reuse import Reuse
from orquestra.executor.runs import Run
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.surroundings import Answer, Crew, Lookups
from orquestra.executor.teams import Team, Worker
from orquestra.sdk.schema.cluster import Location
from orquestra.sdk.schema.workflow_run import WorkflowRunId

_logger = logging.getLogger(__name__)


class Conductor:
    """Leads all runs. After the first failure of a run nothing more of it begins."""

    def __init__(
        self, scheduler: Scheduler, journal: Journal, crew: Crew, *, lookups: Lookups | None
    ) -> None:
        self.runs: dict[WorkflowRunId, Run] = {}
        self.postponed = Postponed()
        """Jobs that are to run again after a while."""
        self.finished: list[Run] = []
        """Runs of which nothing is left to do, until they are taken out of `runs`."""
        self._scheduler = scheduler
        self._journal = journal
        self._crew = crew
        self._reuse = Reuse(scheduler, lookups)

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
                length = run.known_length(job)
                if length is None:
                    self._queue(run, job)
                else:
                    self._open_map(run, job, Counted(length, {}))
        self.check_end(run)

    def take(self, job: Job, outcome: Outcome, hello: Hello) -> Run:
        """Note how a job has ended."""
        run = self.runs[job.run_id]
        span = outcome.started_at, outcome.ended_at
        if outcome.problem is not None:
            reason = Reason.TASK if outcome.may_repeat else Reason.EXIT
            failure = Failure(reason=reason, message=outcome.problem)
            self.fail(job, failure, hello=hello, span=span)
        elif outcome.counted is not None:
            self._take_count(run, job, outcome.counted, hello, span)
        else:
            values = stored_values(run.keeps(job), outcome.values)
            self._journal.succeeded(job, hello, span=span, values=values)
            job.ready_at = outcome.ended_at
            self._succeed(run, job, outcome.values)
        return run

    def answered(self, answers: Sequence[Answer], now: float) -> list[Run]:
        """Take what earlier runs have for jobs that wait to hear of it; the runs of these."""
        changed: dict[WorkflowRunId, Run] = {}
        for job, key, found in answers:
            if not self._reuse.expects(job):
                continue  # its run has failed, or is over
            run = changed[job.run_id] = self.runs[job.run_id]
            values = self._reuse.values(run.kept(job), found) if found else None
            if found and values is not None:
                run.count_attempt(job)
                self._journal.reused(
                    job, at=now, values=stored_values(run.keeps(job), values), of=found.run_id
                )
                self._succeed(run, job, values)
            else:
                job.cache_key = key
                self._scheduler.add(job)
        return list(changed.values())

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
        _, ended_at = span
        if job.is_count:
            run.count_attempt(job)
        pause = run.retries.pause(job, failure.reason) if run.problem is None else None
        tries = run.retries.tries(job) if pause is None else 0
        message = failures.told(run.facts(job), failure.message, tries=tries)
        self._journal.failed(
            job,
            hello,
            span=span,
            final=pause is None,
            message=message,
            cause=CAUSES.get(failure.reason),
        )
        if pause is None:
            run.supply.close()
            self._end_by(run, job, failure, message=message)
            return
        if pause and job.ahead:
            self.advance(run, ended_at)  # the job has run, so what it needs is there
        if not run.supply.take_back(job):
            return
        if pause:
            self.postponed.add(job, ended_at + pause)
        else:
            self._scheduler.add(job, first=True)

    def resume(self, now: float) -> None:
        """Queue the jobs again that have waited long enough."""
        for job in self.postponed.due(now):
            self._scheduler.add(job, first=True)

    def fail_waiting(self, team: Team, reason: Callable[[TaskFacts], Failure], now: float) -> None:
        """Fail all jobs that wait for workers of a team: there will be none."""
        for job in team.take_all():
            run = self.runs[job.run_id]
            self._fail_unbegun(run, job, reason(run.facts(job)), now=now)

    def take_back(self, jobs: Sequence[Job]) -> None:
        """Queue jobs again that have not begun, before all others."""
        for job in reversed(jobs):
            run = self.runs[job.run_id]
            run.uncount_attempt(job)
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

    def forget(self, run: Run) -> None:
        """A run is over: nothing of it is left."""
        del self.runs[run.run_id]
        self._reuse.drop(run.run_id)

    def _take_count(
        self, run: Run, job: Job, counted: Counted, hello: Hello, span: tuple[float, float]
    ) -> None:
        if counted.length > MOST_ELEMENTS:
            failure = failures.too_many(run.facts(job), length=counted.length, most=MOST_ELEMENTS)
            self.fail(job, failure, hello=hello, span=span)
            return
        _, job.ready_at = span
        if run.maps.known_length(job.invocation_id) is None:
            self._journal.opened(job, counted.length)
        self._open_map(run, job, counted)

    def _queue(self, run: Run, job: Job) -> None:
        if not self._reuse.ask(run, job):
            self._scheduler.add(job)

    def _open_map(self, run: Run, job: Job, counted: Counted) -> None:
        for following in run.open_map(job, counted):
            self._follow(run, following)

    def _succeed(self, run: Run, job: Job, values: tuple[Location, ...]) -> None:
        following = run.succeed(job, values)
        if following:
            self._follow(run, following)

    def _follow(self, run: Run, job: Job) -> None:
        """Queue a job of a map; once its run has failed, nothing more of it begins."""
        if run.problem is None:
            self._queue(run, job)
        else:
            run.supply.close()

    def _fail_unbegun(self, run: Run, job: Job, failure: Failure, *, now: float) -> None:
        run.supply.close()
        if run.problem is None:
            run.count_attempt(job)
            message = failures.told(run.facts(job), failure.message)
            self._journal.failed(job, None, span=(None, now), final=True, message=message)
            self._end_by(run, job, failure, message=message)
        self.check_end(run)

    def _end_by(self, run: Run, job: Job, failure: Failure, *, message: str) -> None:
        if run.problem is None:
            _logger.info("%s fails by %s: %s", run.run_id, job.name, failure.reason)
            run.fail(job, message)
            self._call_off(run)
        self.check_end(run)

    def _call_off(self, run: Run) -> list[Worker]:
        dropped, holders = self._scheduler.drop(run.run_id)
        dropped += self.postponed.drop(run.run_id) + self._reuse.drop(run.run_id)
        run.supply.close(dropped)
        for worker in holders:
            self._crew.send(worker.worker_id, Recall())
        return holders
