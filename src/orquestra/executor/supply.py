"""The jobs of a run as they are given out: when they can run, or ahead of that in chains. Pure."""

from collections.abc import Callable, Iterator

from orquestra.executor.graph import Walk
from orquestra.executor.jobs import Job
from orquestra.executor.teams import TARGET
from orquestra.sdk.schema import ir

_AHEAD = 50
"""Jobs that are sent behind one before it has ended."""


class Supply:
    """Gives out each job of a run once, and takes back what did not run."""

    def __init__(
        self,
        walk: Walk,
        make: Callable[[ir.TaskInvocationId, float], Job],
        *,
        may_chain: Callable[[ir.TaskInvocationId], bool] = lambda _: True,
    ) -> None:
        """`make` makes the job of an invocation; `may_chain`: it may be sent ahead."""
        self.open = 0
        """Jobs that have been given out and have not ended."""
        self._walk = walk
        self._make = make
        self._may_chain = may_chain
        self._ahead: dict[ir.TaskInvocationId, Job] = {}

    def ready(self, now: float) -> Iterator[Job]:
        """The jobs that can run now and were not given out before."""
        for invocation_id in self._walk:
            sent = self._ahead.pop(invocation_id, None)
            if sent is None:
                self.open += 1
                yield self._make(invocation_id, now)
            else:
                sent.ahead = False
                sent.ready_at = now

    def behind(self, job: Job) -> Iterator[Job]:
        """The chain of jobs behind one that is being sent, each to be sent too."""
        if not job.completes:
            return

        def fits(invocation_id: ir.TaskInvocationId) -> bool:
            follower = self._make(invocation_id, job.ready_at)
            known = follower.kind.mean or 0.0
            same = follower.kind.team is job.kind.team and known <= TARGET
            if not same or not self._may_chain(invocation_id):
                return False
            self._ahead[invocation_id] = follower
            return True

        for invocation_id in self._walk.behind(job.invocation_id, fits=fits, at_most=_AHEAD):
            self.open += 1
            yield self._ahead[invocation_id]

    def also(self, jobs: int) -> None:
        """Note that so many jobs have been given out that are no steps of the graph themselves."""
        self.open += jobs

    def take_back(self, job: Job) -> bool:
        """Note that a job runs again. True: its inputs are there, else it will become ready."""
        if job.ahead:
            job.ahead = False
            self._ahead.pop(job.invocation_id, None)
            self.open -= 1
            return False
        return True

    def close(self, jobs: int = 1) -> None:
        """Note that so many jobs have ended for good."""
        self.open -= jobs
