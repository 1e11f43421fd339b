"""Jobs that run again, but not at once. Pure: the time is passed in."""

import heapq
from itertools import count

from orquestra.executor.jobs import Job
from orquestra.sdk.schema.workflow_run import WorkflowRunId


class Postponed:
    """Jobs by the time at which they may be given out again (Unix seconds)."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Job]] = []
        self._order = count()

    def add(self, job: Job, at: float) -> None:
        """Keep a job until then."""
        heapq.heappush(self._heap, (at, next(self._order), job))

    def due(self, now: float) -> list[Job]:
        """Take out what has waited long enough; from now on it is ready."""
        found: list[Job] = []
        while self._heap and self._heap[0][0] <= now:
            _, _, job = heapq.heappop(self._heap)
            job.ready_at = now
            found.append(job)
        return found

    def drop(self, run_id: WorkflowRunId) -> int:
        """Forget the jobs of a run; how many there were."""
        kept = [entry for entry in self._heap if entry[2].run_id != run_id]
        dropped = len(self._heap) - len(kept)
        if dropped:
            heapq.heapify(kept)
            self._heap = kept
        return dropped

    def next_deadline(self) -> float | None:
        """When to look again, at the earliest."""
        return self._heap[0][0] if self._heap else None
