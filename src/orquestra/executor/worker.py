"""A worker: a process on a node that runs calls of the executor, one after another.

It has three threads. The main one evaluates calls, since user code may want the main thread. The
reader takes messages, so that calls can be given back while another one runs. The follower looks
at the call that runs: it tells of one that takes long, and hands on what it writes.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from orquestra.executor import forks
from orquestra.executor.addresses import EXCHANGE_VARIABLE, NODE_VARIABLE
from orquestra.executor.capture import Capture
from orquestra.executor.evaluation import Evaluator, TaskProblem
from orquestra.executor.memory import read_node_memory
from orquestra.executor.progress import ProgressNote
from orquestra.executor.protocol import (
    LONG,
    Began,
    Call,
    Calls,
    Forget,
    Hello,
    Leave,
    Lines,
    Outcome,
    Recall,
    Returned,
    Taken,
    WorkerStart,
)
from orquestra.executor.reports import NobodyListens, Reports, connect
from orquestra.sdk.schema.cluster import Location, LogStream, NodeId

_BREATH = timedelta(milliseconds=1)
"""Between two looks at a call that writes much, so that it can end."""


def run_worker(start: WorkerStart) -> None:
    """Be a worker until the executor says to leave, or is gone."""
    folder = Path(os.environ[EXCHANGE_VARIABLE])
    with ExitStack() as stack:
        connection = stack.enter_context(connect(start))
        # A process that a task leaves behind must not keep the connection of a dead worker open.
        forks.withhold(connection)
        note = stack.enter_context(ProgressNote(folder, start.worker_id))
        note.count_kills(read_node_memory().oom_kills)
        evaluator = Evaluator(folder, start.worker_id)
        reports = Reports(connection, flush=evaluator.flush, lost=evaluator.lost)
        running = _Running(folder, start.worker_id, note=note, reports=reports)
        stack.enter_context(running)
        reports.send(_hello(start))
        worker = _Worker(connection, evaluator=evaluator, running=running, reports=reports)
        stack.callback(evaluator.close)
        worker.run()


def _hello(start: WorkerStart) -> Hello:
    node_id = NodeId(os.environ[NODE_VARIABLE])
    return Hello(start.worker_id, node_id, os.getpid(), time.time())


class _Worker:
    """The main thread and the reader, and the queue between them."""

    def __init__(
        self,
        connection: "Connection[Any, Any]",
        *,
        evaluator: Evaluator,
        running: "_Running",
        reports: Reports,
    ) -> None:
        self._connection = connection
        self._evaluator = evaluator
        self._running = running
        self._reports = reports
        self._queue: SimpleQueue[Call | Forget | Leave] = SimpleQueue()
        self._returning = threading.Lock()
        self._returned: set[int] = set()

    def run(self) -> None:
        """Evaluate calls until it is time to leave."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        try:
            for call in self._calls():
                self._take(call)
                self._reports.send_outcomes_if_late()
        except NobodyListens:
            return

    def _calls(self) -> Iterator[Call]:
        while True:
            item = self._next()
            if isinstance(item, Call):
                yield item
            elif isinstance(item, Forget):
                self._reports.send_outcomes()
                self._evaluator.forget(item.run_id)
            else:
                self._reports.send_outcomes()
                return

    def _next(self) -> Call | Forget | Leave:
        try:
            return self._queue.get_nowait()
        except Empty:
            self._reports.send_outcomes()
            self._running.rest()
            return self._queue.get()

    def _take(self, call: Call) -> None:
        if self._is_without_input(call):
            self._reports.send_outcomes()
            self._reports.send(Returned([call.number]))
            return
        started_at = time.time()
        self._running.begin(call.number, started_at)
        values: tuple[Location, ...] = ()
        counted, problem, may_repeat = None, None, True
        try:
            if call.work == "count":
                counted = self._evaluator.count(call)
            else:
                values = self._evaluator.evaluate(call)
        except TaskProblem as error:
            problem, may_repeat = str(error), error.may_repeat
        ended_at = time.time()
        self._running.end()
        outcome = Outcome(call.number, started_at, ended_at, values, problem, counted, may_repeat)
        self._reports.add(outcome, self._evaluator.task_name(call))

    def _is_without_input(self, call: Call) -> bool:
        if call.after is None:
            return False
        # The reader may be about to give back what this call comes after.
        with self._returning:
            without = call.after in self._reports.failed or call.after in self._returned
            if without:
                self._returned.add(call.number)
            return without

    def _read(self) -> None:
        try:
            while not isinstance(message := self._connection.recv(), Leave):
                self._obey(message)
            self._give_back()
        except (EOFError, OSError, NobodyListens):
            self._reports.end()
            self._running.end_process()
        finally:
            self._queue.put(Leave())

    def _obey(self, message: Calls | Recall | Forget | Taken) -> None:
        if isinstance(message, Calls):
            self._evaluator.learn(message.functions)
            for call in message.calls:
                self._queue.put(call)
        elif isinstance(message, Recall):
            self._give_back()
        elif isinstance(message, Taken):
            self._reports.taken()
        else:
            self._queue.put(message)

    def _give_back(self) -> None:
        with self._returning:
            left = list(self._unbegun())
            numbers = [item.number for item in left if isinstance(item, Call)]
            self._returned.update(numbers)
        for item in left:
            if not isinstance(item, Call):
                self._queue.put(item)
        self._reports.send(Returned(numbers))

    def _unbegun(self) -> Iterator[Call | Forget | Leave]:
        with suppress(Empty):
            while True:
                yield self._queue.get_nowait()


class _Running:
    """Context: the call that runs, if any, and the thread that follows it."""

    def __init__(
        self, folder: Path, worker_id: str, *, note: ProgressNote, reports: Reports
    ) -> None:
        self._note = note
        self._reports = reports
        self._capture = Capture(folder, worker_id, note=note, sink=self._send_lines)
        self._lock = threading.Lock()
        self._number: int | None = None
        self._started_at = 0.0
        self._told = False
        self._busy = threading.Event()
        self._over = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="follower", daemon=True)

    def __enter__(self) -> None:
        self._capture.__enter__()
        self._follower.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._busy.set()
        self._follower.join()
        self._capture.__exit__()

    def begin(self, number: int, started_at: float) -> None:
        """A call begins."""
        self._capture.begin()
        self._note.begin(number, started_at)
        with self._lock:
            self._number = number
            self._started_at = started_at
            self._told = False
        if not self._busy.is_set():
            self._busy.set()

    def end(self) -> None:
        """The call has ended."""
        self._capture.flush()
        with self._lock:
            self._capture.hand_on_rest()
            self._number = None
        self._note.end()

    def rest(self) -> None:
        """No call is there to follow."""
        self._busy.clear()

    def end_process(self) -> None:
        """End this process if a call runs: nobody waits for it any more."""
        if self._number is not None:
            os._exit(1)

    def _follow(self) -> None:
        pause = LONG
        try:
            while self._busy.wait() and not self._over.wait(pause.total_seconds()):
                pause = _BREATH if self._look() else LONG
                # What has ended does not wait for a long call to end.
                self._reports.send_outcomes_if_late()
        except NobodyListens:
            return

    def _look(self) -> bool:
        """Tell of the call that runs; True: it has written more than could be told at once."""
        with self._lock:
            if self._number is None or time.time() - self._started_at < LONG.total_seconds():
                return False
            if not self._told:
                self._told = True
                self._reports.send(Began(self._number, self._started_at))
                self._note.count_kills(read_node_memory().oom_kills)
            return self._capture.hand_on_some()

    def _send_lines(self, stream: LogStream, lines: list[tuple[float, str]]) -> None:
        assert self._number is not None
        self._reports.send_lines(Lines(self._number, stream, lines))
