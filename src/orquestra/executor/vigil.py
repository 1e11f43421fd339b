"""Watching workers that say nothing: a call that holds its process in C lets no thread of it speak.

Such a worker neither tells that its call takes long, nor gives calls back.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from orquestra.executor.jobs import Job
from orquestra.executor.progress import read_progress
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.teams import Worker

SILENCE = timedelta(milliseconds=250)
"""After so long without an outcome, the call of a worker is taken for one that takes long."""

STOP_PATIENCE = timedelta(seconds=1)
"""How long a worker may take to give back calls of a run that was stopped."""


class Vigil:
    """Looks at all workers that hold calls, a few times in a second."""

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        is_over: Callable[[Job], bool],
        exchange: Path | None = None,
    ) -> None:
        """In the `exchange`, where there is one, workers note what they run."""
        self._scheduler = scheduler
        self._is_over = is_over
        self._exchange = exchange
        self._stopping: dict[Worker, float] = {}
        self._due: float | None = None

    def next_deadline(self) -> float | None:
        """When to look again, at the earliest."""
        return min((at for at in (self._due, *self._stopping.values()) if at), default=None)

    def gave(self, worker: Worker, now: float, *, first: bool) -> None:
        """Note that a worker has got calls; `first`: it had none."""
        if first:
            worker.heard_at = now
        self._due = self._due or now + SILENCE.total_seconds()

    def stop(self, workers: Iterable[Worker], now: float) -> None:
        """Note that workers were asked to give back the calls of a run that was stopped."""
        self._stopping.update(dict.fromkeys(workers, now + STOP_PATIENCE.total_seconds()))

    def unstopped(self, now: float) -> list[Worker]:
        """Workers that still run a call of a stopped run, after all patience.

        One that runs a call of another run is looked at again: those of the stopped run may follow.
        """
        due = [worker for worker, at in self._stopping.items() if at <= now]
        found = []
        for worker in due:
            del self._stopping[worker]
            over = [self._is_over(job) for job in worker.held.values()]
            if over and over[0]:  # calls run in order
                found.append(worker)
            elif any(over):
                self.stop([worker], now)
        return found

    def silent(self, now: float) -> list[tuple[Worker, int, float]]:
        """Workers whose call takes long although they have not said so; which one, since when."""
        if self._due is None or now < self._due:
            return []
        busy = [
            worker
            for worker in self._scheduler.workers.values()
            if worker.held and worker.slow is None
        ]
        self._due = now + SILENCE.total_seconds() if busy else None
        due = [worker for worker in busy if now - worker.heard_at >= SILENCE.total_seconds()]
        return [(worker, *self._running(worker)) for worker in due]

    def _running(self, worker: Worker) -> tuple[int, float]:
        note = read_progress(self._exchange, worker.worker_id) if self._exchange else None
        if note and note.number in worker.held and note.started_at is not None:
            return note.number, note.started_at
        return next(iter(worker.held)), worker.heard_at
