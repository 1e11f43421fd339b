"""A worker that runs the calls it is given one after another, as the executor's workers do."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from benchmarks.simulation.agenda import Agenda
from orquestra.executor.protocol import LONG
from orquestra.executor.scheduling import Sent
from orquestra.executor.teams import Worker
from orquestra.sdk.schema import ir


class Listener(Protocol):
    """Who is told what a worker does."""

    def began(self, runner: "Runner", number: int) -> None:
        """A call has been running for a while."""

    def ended(self, runner: "Runner", number: int, *, seconds: float) -> None:
        """A call has ended."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a worker knows of a call: its number and how long it will take."""

    number: int
    seconds: float


class Runner:
    """The process of one worker."""

    def __init__(self, worker: Worker, agenda: Agenda, listener: Listener) -> None:
        self.worker = worker
        self._agenda = agenda
        self._listener = listener
        self._queue: deque[Call] = deque()
        self.running: int | None = None

    def take(self, calls: Iterable[Call]) -> None:
        """Run these after what it has."""
        self._queue.extend(calls)
        if self.running is None:
            self._next()

    def give_back(self) -> list[int]:
        """Give back what has not begun."""
        numbers = [call.number for call in self._queue]
        self._queue.clear()
        return numbers

    def _next(self) -> None:
        if not self._queue:
            self.running = None
            return
        call = self._queue.popleft()
        self.running = call.number
        if call.seconds > LONG.total_seconds():
            self._agenda.after(
                LONG.total_seconds(), lambda: self._listener.began(self, call.number)
            )
        self._agenda.after(call.seconds, lambda: self._end(call))

    def _end(self, call: Call) -> None:
        self._next()
        self._listener.ended(self, call.number, seconds=call.seconds)


def calls(batch: Iterable[Sent], seconds: Mapping[ir.TaskInvocationId, float]) -> list[Call]:
    """A batch as a worker knows it."""
    return [Call(number=sent.number, seconds=seconds[sent.job.invocation_id]) for sent in batch]
