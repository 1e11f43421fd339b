"""What a worker tells its executor: outcomes in batches, everything else at once."""

import pickle
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Client, Connection
from typing import Any

from orquestra.executor.evaluation import not_stored
from orquestra.executor.protocol import MOST_UNTAKEN, Lines, Outcome, Outcomes, WorkerStart
from orquestra.sdk.schema.cluster import Location

CONNECT_PATIENCE = timedelta(seconds=5)
_CONNECT_PAUSE = timedelta(milliseconds=100)

STEADY = timedelta(milliseconds=8)
"""How long outcomes are held back while calls follow one another."""


class NobodyListens(Exception):
    """The executor is gone."""


def connect(
    start: WorkerStart, *, patience: timedelta = CONNECT_PATIENCE
) -> "Connection[Any, Any]":
    """Connect to the executor; both ends prove that they have the key.

    Raises:
        OSError, EOFError: the executor could not be reached for a while.
    """
    connection = _connect(start, time.monotonic() + patience.total_seconds())
    with socket.socket(fileno=connection.fileno()) as sock:
        # Many messages are small, and the next one must not wait for the receipt of the last.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.detach()
    return connection


def _connect(start: WorkerStart, deadline: float) -> "Connection[Any, Any]":
    while True:
        try:
            return Client(start.address, authkey=start.key)
        except (OSError, EOFError):
            # Many workers may come at once, and a network may lose a packet.
            if time.monotonic() > deadline:
                raise
            time.sleep(_CONNECT_PAUSE.total_seconds())


class Reports:
    """Sends messages. Its methods may be called from any thread.

    They raise `NobodyListens` once the executor is gone.
    """

    def __init__(
        self,
        connection: "Connection[Any, Any]",
        *,
        flush: Callable[[], None],
        lost: Callable[[tuple[Location, ...]], OSError | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Report over a connection.

        `flush` is called before outcomes are sent: it makes their values readable. `lost` says of
        values for which that has failed why it has.
        """
        self._clock = clock
        self._connection = connection
        self._flush = flush
        self._lost = lost
        self._is_over = False
        self._room = threading.Semaphore(MOST_UNTAKEN)
        self._sending = threading.Lock()
        self._gathering = threading.RLock()
        self._outcomes: list[Outcome] = []
        self._task_names: list[str] = []
        self._sent_at = 0.0
        self.failed: set[int] = set()
        """Numbers of the calls that have failed."""

    def send(self, message: tuple[Any, ...]) -> None:
        """Send a message now."""
        data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        try:
            with self._sending:
                self._connection.send_bytes(data)
        except OSError as error:
            raise NobodyListens from error

    def send_lines(self, lines: Lines) -> None:
        """Send lines, once the engine has most of those before."""
        self._room.acquire()
        if self._is_over:
            raise NobodyListens
        self.send(lines)

    def taken(self) -> None:
        """Note that the lines of one message are with the engine."""
        self._room.release()

    def end(self) -> None:
        """Note that the executor is gone: whoever waits for it does so no longer."""
        self._is_over = True
        self._room.release(2)  # the two threads that send lines

    def add(self, outcome: Outcome, task_name: str) -> None:
        """Take an outcome, to be sent soon."""
        with self._gathering:
            if outcome.problem is not None:
                self.failed.add(outcome.number)
            self._outcomes.append(outcome)
            self._task_names.append(task_name)

    def send_outcomes_if_late(self) -> None:
        """Send the outcomes if the last sending was a while ago."""
        if self._outcomes and self._clock() - self._sent_at > STEADY.total_seconds():
            self.send_outcomes()

    def send_outcomes(self) -> None:
        """Send all outcomes that there are."""
        with self._gathering:
            if not self._outcomes:
                return
            self._flush()
            self._fail_lost()
            outcomes, self._outcomes, self._task_names = self._outcomes, [], []
            self.send(Outcomes(outcomes))
            self._sent_at = self._clock()

    def _fail_lost(self) -> None:
        for at, (outcome, name) in enumerate(zip(self._outcomes, self._task_names, strict=True)):
            error = self._lost(outcome.values)
            if error is not None:
                failed = outcome._replace(values=(), problem=not_stored(name, error))
                self._outcomes[at] = failed
                self.failed.add(outcome.number)
