"""The connections of workers, over loopback; the last test has real workers."""

import multiprocessing
import os
import threading
import time
from multiprocessing.connection import Client
from queue import SimpleQueue

import pytest

from orquestra.executor.addresses import EXCHANGE_VARIABLE, NODE_VARIABLE
from orquestra.executor.crew import SocketCrew
from orquestra.executor.executor import Executor
from orquestra.executor.protocol import Calls, Hello, Leave, Outcomes, Recall, Returned, WorkerStart
from orquestra.executor.surroundings import Cause, Death, Died, Lost, Said, Surroundings
from orquestra.executor.testing import PlanBuilder
from orquestra.executor.worker import run_worker
from orquestra.sdk.schema.cluster import AttemptsEnded, NodeSize, RunFinished
from orquestra.sdk.schema.workflow_run import State

KEY = b"key"


@pytest.fixture
def crew():
    inbox = SimpleQueue()
    crew = SocketCrew("127.0.0.1", key=KEY, inbox=inbox)
    crew.inbox = inbox
    return crew


def connect(crew, name="w1"):
    connection = Client(crew.address, authkey=KEY)
    connection.send(Hello(name, "node", 1, 0.0))
    assert crew.inbox.get(timeout=5) == Said([(name, Hello(name, "node", 1, 0.0))])
    return connection


def test_messages_go_both_ways(crew):
    with connect(crew) as worker:
        crew.send("w1", Recall())
        assert worker.recv() == Recall()

        worker.send(Returned([3, 4]))
        assert crew.inbox.get(timeout=5) == Said([("w1", Returned([3, 4]))])


def test_the_end_of_a_connection_is_told_and_sending_goes_nowhere(crew):
    connect(crew).close()

    assert crew.inbox.get(timeout=5) == Lost("w1")
    crew.send("w1", Leave())
    crew.close("w1")


def test_a_closed_worker_is_lost(crew):
    with connect(crew) as worker:
        crew.close("w1")

        assert crew.inbox.get(timeout=5) == Lost("w1")
        with pytest.raises(EOFError):
            worker.recv()


def test_nobody_gets_in_without_the_key_and_nobody_is_kept_out_meanwhile(crew):
    silent = Client(crew.address)
    with pytest.raises(multiprocessing.AuthenticationError):
        Client(crew.address, authkey=b"another")

    with silent, connect(crew) as worker:
        worker.send(Outcomes([]))
        assert crew.inbox.get(timeout=5) == Said([("w1", Outcomes([]))])


def test_a_worker_that_takes_nothing_keeps_nobody_waiting_and_gets_all_of_it_later(crew):
    large = Calls({}, ["x" * 30_000_000])
    with connect(crew) as slow, connect(crew, "w2") as other:
        began = time.monotonic()
        crew.send("w1", large)
        crew.send("w1", Recall())
        assert time.monotonic() - began < 1

        other.send(Returned([1]))
        assert crew.inbox.get(timeout=5) == Said([("w2", Returned([1]))])
        assert slow.recv() == large
        assert slow.recv() == Recall()


def test_half_a_message_keeps_nobody_waiting(crew):
    with connect(crew) as slow, connect(crew, "w2") as other:
        os.write(slow.fileno(), b"\0\0\1")
        other.send(Returned([1]))
        assert crew.inbox.get(timeout=5) == Said([("w2", Returned([1]))])


def test_a_worker_may_go_while_it_is_being_sent_much(crew):
    for _ in range(20):
        worker = connect(crew)
        ends = threading.Thread(target=worker.close, daemon=True)
        ends.start()
        crew.send("w1", Calls({}, ["x" * 3_000_000]))
        ends.join()
        assert crew.inbox.get(timeout=5) == Lost("w1")


def test_who_says_what_is_no_message_is_lost_and_the_others_go_on(crew):
    with connect(crew) as broken, connect(crew, "w2") as other:
        broken.send_bytes(b"cnowhere\nnothing\n.")
        assert crew.inbox.get(timeout=5) == Lost("w1")
        other.send(Returned([1]))
        assert crew.inbox.get(timeout=5) == Said([("w2", Returned([1]))])


def test_an_error_of_the_listener_does_not_end_letting_workers_in(crew, monkeypatch):
    errors = [OSError(24, "Too many open files")]
    accept = crew._listener.accept

    def failing():
        connection = accept()
        if errors:
            connection.close()
            raise errors.pop()
        return connection

    monkeypatch.setattr(crew._listener, "accept", failing)
    connect(crew, "before").close()  # its `accept` began before the patch
    assert crew.inbox.get(timeout=5) == Lost("before")
    with pytest.raises((EOFError, OSError)):
        Client(crew.address, authkey=KEY)

    connect(crew).close()


class Processes:
    """Workers as processes of this machine."""

    def __init__(self, crew, events):
        self._crew = crew
        self._events = events
        self.ends = SimpleQueue()
        """The exit codes of workers that have ended."""
        self.started = 0

    def add(self, *events):
        for event in events:
            self._events.put(event)

    def add_lines(self, lines, *, posted):
        self._events.put(lines)
        posted()

    def start(self, worker_id, environment):
        start = WorkerStart(worker_id, self._crew.address, KEY)
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=run_worker, args=(start,), daemon=True)
        process.start()
        self.started += 1
        threading.Thread(target=self._watch, args=(worker_id, process), daemon=True).start()

    def _watch(self, worker_id, process):
        process.join()  # nobody else may ask: who asks second is told that there is no exit code
        self.ends.put(process.exitcode)
        self._crew.inbox.put(Died(worker_id, Death(cause=Cause.ENDED)))

    def cancel(self, worker_id):
        pass

    lost = cancel

    def arrived(self, hello):
        pass


def square(value):
    return value * value


def add(*values):
    return sum(values)


def test_a_run_with_real_workers(crew, tmp_path, monkeypatch):
    monkeypatch.setenv(EXCHANGE_VARIABLE, str(tmp_path))
    monkeypatch.setenv(NODE_VARIABLE, "node-1")
    builder = PlanBuilder(pools={"default": (1, NodeSize(cpu=2, memory=2**30, gpu=0))})
    made = builder.call(add, *[builder.call(square, n) for n in range(200)])
    for _ in range(20):
        made = builder.call(add, made, 1)
    built = builder.build(made)
    events = SimpleQueue()
    processes = Processes(crew, events)
    executor = Executor(
        Surroundings(inbox=crew.inbox, crew=crew, placement=processes, events=processes)
    )
    executor.set_pools(built.pools)
    executor.begin(built.plan, built.definition)
    threading.Thread(target=executor.run_forever, daemon=True).start()

    values = {}
    while not isinstance(event := events.get(timeout=20), RunFinished):
        if isinstance(event, AttemptsEnded):
            values |= {value.artifact_id: value.location for value in event.values}

    assert event.state is State.SUCCEEDED, event.message
    place = values[built.definition.output_ids[0]]
    with (tmp_path / place.file).open("rb") as file:
        assert os.pread(file.fileno(), place.size, place.offset) == b"2646720"
    for _ in range(processes.started):  # they leave by themselves once nothing is to do
        assert processes.ends.get(timeout=20) == 0
