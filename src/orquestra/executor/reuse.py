"""Jobs that may need no call, since an earlier run has their result: who waits to hear of it."""

from collections import defaultdict
from collections.abc import Sequence

from orquestra.executor.jobs import Job
from orquestra.executor.protocol import Kept
from orquestra.executor.runs import Run
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.surroundings import Lookups, Question
from orquestra.sdk.schema.cluster import CachedResult, Location
from orquestra.sdk.schema.workflow_run import WorkflowRunId


class Reuse:
    """Asks about jobs, once for each; while there is no answer, they are in no queue."""

    def __init__(self, scheduler: Scheduler, lookups: Lookups | None) -> None:
        self._scheduler = scheduler
        self._lookups = lookups
        self._asked: defaultdict[WorkflowRunId, set[Job]] = defaultdict(set)

    def ask(self, run: Run, job: Job) -> bool:
        """Ask about a job. False: there is nothing to ask."""
        policy = run.cache_policy(job)
        if policy is None or self._lookups is None:
            return False
        self._asked[job.run_id].add(job)
        pool = self._scheduler.pools[job.kind.team.pool_id].plan
        image, given = pool.digest or pool.image, run.arguments.plain(job)
        question = Question(job, policy, image, given, run.modules, run.fingerprints)
        self._lookups.ask(question)
        return True

    def expects(self, job: Job) -> bool:
        """Take out a job that has got its answer. False: nobody waits for that any more."""
        jobs = self._asked.get(job.run_id, set())
        if job not in jobs:
            return False
        jobs.discard(job)
        return True

    def values(self, kept: Sequence[Kept], found: CachedResult) -> tuple[Location, ...] | None:
        """Where the values lie that are kept of a job; None if not all of them are there."""
        places = {value.element: value.location for value in found.values}
        if any(each.element not in places for each in kept):
            return None
        return tuple(places[each.element] for each in kept)

    def drop(self, run_id: WorkflowRunId) -> int:
        """Forget the jobs of a run; how many there were."""
        if self._lookups is not None:
            self._lookups.forget(run_id)
        return len(self._asked.pop(run_id, ()))
