"""The workers that are up: who they are, what they have been told, and how they end."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from orquestra.executor.protocol import Calls, Forget, FunctionKey, Hello
from orquestra.executor.runs import Run
from orquestra.executor.scheduling import Sent
from orquestra.executor.surroundings import Crew, Died
from orquestra.executor.teams import Worker
from orquestra.sdk.schema.workflow_run import WorkflowRunId

LAST_WORDS = timedelta(seconds=2)
"""How long what a dead worker has said may take to arrive."""


class _Entry:
    __slots__ = ("died", "due", "functions", "hello", "is_lost")

    def __init__(self, hello: Hello) -> None:
        self.hello = hello
        self.functions: set[FunctionKey] = set()
        self.is_lost = False
        self.died: Died | None = None
        self.due = 0.0


class Roster:
    """A list of workers by their ids; nobody is in it twice."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._entries: dict[str, _Entry] = {}
        self._dying: dict[str, _Entry] = {}

    def __contains__(self, worker_id: object) -> bool:
        return worker_id in self._entries

    def hello(self, worker: Worker) -> Hello:
        """What a worker has said of itself."""
        return self._entries[worker.worker_id].hello

    def arrive(self, hello: Hello) -> None:
        """Add a worker."""
        self._entries[hello.worker_id] = _Entry(hello)

    def give(
        self, worker: Worker, sents: Sequence[Sent], runs: Mapping[WorkflowRunId, Run]
    ) -> None:
        """Send jobs to a worker, with the functions among them that it does not know yet."""
        entry = self._entries[worker.worker_id]
        functions = {}
        calls = []
        for number, job, after in sents:
            run = runs[job.run_id]
            calls.append(run.call(job, number=number, after=after))
            key = job.kind.function
            if key not in entry.functions:
                entry.functions.add(key)
                functions[key] = run.function(key, image=worker.team.pool.plan.image)
        self._crew.send(worker.worker_id, Calls(functions, calls))

    def forget(self, run_id: WorkflowRunId) -> None:
        """Let all who know of a run forget it."""
        for worker_id, entry in self._entries.items():
            known = {key for key in entry.functions if key[0] == run_id}
            if known:
                entry.functions -= known
                self._crew.send(worker_id, Forget(run_id))

    def lose(self, worker_id: str) -> Died | None:
        """Note that a worker says nothing more; its death, if that was told before."""
        entry = self._entries[worker_id]
        entry.is_lost = True
        return entry.died

    def speaks(self, item: Died, now: float) -> bool:
        """Whether something that a dead worker has said may still be on its way.

        Calls may be among it that have succeeded, and must not run again.
        """
        entry = self._entries.get(item.worker_id)
        if entry is None or entry.is_lost:
            return False
        entry.died = item
        entry.due = now + LAST_WORDS.total_seconds()
        self._dying[item.worker_id] = entry
        return True

    def overdue(self, now: float) -> list[Died]:
        """Deaths of workers that have had the time for their last words."""
        due = [entry.died for entry in self._dying.values() if entry.due <= now]
        return [died for died in due if died]

    def next_deadline(self) -> float | None:
        """When to look for such deaths, at the earliest."""
        return min((entry.due for entry in self._dying.values()), default=None)

    def remove(self, worker_id: str) -> Hello | None:
        """Take a worker out and end its connection; None if it was never up."""
        self._crew.close(worker_id)
        self._dying.pop(worker_id, None)
        entry = self._entries.pop(worker_id, None)
        return entry.hello if entry else None
