"""Calls that may only take so long: who runs one, until when, and who was ended for it.

Pure: the time is passed in. A worker tells of every call that runs for a while, or is found to
run one; only then is its deadline looked at.
"""

from typing import NamedTuple

from orquestra.executor.teams import Worker


class Deadline(NamedTuple):
    """When a call has to have ended. Times are Unix seconds."""

    number: int
    started_at: float
    limit: float

    @property
    def at(self) -> float:
        """The time itself."""
        return self.started_at + self.limit


class Deadlines:
    """The deadlines of the calls that run."""

    def __init__(self) -> None:
        self._running: dict[Worker, Deadline] = {}
        self._missed: dict[Worker, Deadline] = {}

    def began(self, worker: Worker, deadline: Deadline) -> None:
        """Note that a worker runs a call that has one."""
        self._running[worker] = deadline

    def missed(self, now: float) -> list[Worker]:
        """Workers whose call has missed its deadline by now, each once: they are to be ended."""
        if not self._running:
            return []
        due = [worker for worker, deadline in self._running.items() if deadline.at <= now]
        found = []
        for worker in due:
            deadline = self._running.pop(worker)
            if deadline.number in worker.held:
                self._missed[worker] = deadline
                found.append(worker)
        return found

    def gone(self, worker: Worker) -> Deadline | None:
        """A worker is no more; the deadline for which it was ended."""
        self._running.pop(worker, None)
        return self._missed.pop(worker, None)

    def next_deadline(self) -> float | None:
        """When to look again, at the earliest."""
        return min((deadline.at for deadline in self._running.values()), default=None)
