"""What becomes of the jobs of a worker that is no more: one of them may have to answer for it."""

from functools import partial

from orquestra.executor import deaths, failures
from orquestra.executor.conductor import Conductor
from orquestra.executor.deadlines import Deadline
from orquestra.executor.jobs import Job
from orquestra.executor.journal import Journal
from orquestra.executor.protocol import Hello
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.staffing import Staff
from orquestra.executor.surroundings import Death
from orquestra.executor.teams import Team, Worker

_MOST_STARTS = 3
"""Workers of one environment that may die before they are up; more than that is no accident."""


class Losses:
    """Takes the losses of workers."""

    def __init__(
        self, scheduler: Scheduler, conductor: Conductor, *, journal: Journal, staff: Staff
    ) -> None:
        self._scheduler = scheduler
        self._conductor = conductor
        self._journal = journal
        self._staff = staff

    def take(
        self,
        worker: Worker,
        death: Death,
        *,
        hello: Hello | None,
        missed: Deadline | None,
        now: float,
    ) -> None:
        """Forget a worker. `hello` is None if it was never up.

        Where it was ended for a deadline that was `missed`, nobody else is to blame, even if that
        call has ended by itself since.
        """
        blamed = missed.number if missed else deaths.blamed(death, worker)
        held = self._scheduler.gone(worker)
        if hello is None:
            self._not_up(worker.team, death, now)
            return
        culprit = held.pop(blamed, None) if blamed is not None else None
        if culprit is not None:
            self._bury(culprit, death, hello, missed=missed, now=now)
        self._conductor.take_back(list(held.values()))

    def _bury(
        self, job: Job, death: Death, hello: Hello, *, missed: Deadline | None, now: float
    ) -> None:
        for stream, lines in death.unread.items():
            self._journal.last_lines(job, hello, stream=stream, lines=lines, at=now)
        facts = self._conductor.runs[job.run_id].facts(job)
        if missed:
            failure = failures.timeout(facts, seconds=missed.limit)
        else:
            failure = deaths.failure(facts, death)
        began = missed.started_at if missed else death.started_at
        self._conductor.fail(job, failure, hello=hello, span=(began, now))

    def _not_up(self, team: Team, death: Death, now: float) -> None:
        if not deaths.is_start_to_blame(death):
            return
        self._staff.not_up(team, now)
        if team.failed_starts >= _MOST_STARTS or deaths.is_hopeless(death):
            reason = partial(failures.unable, said=death.message)
            self._conductor.fail_waiting(team, reason, now)
