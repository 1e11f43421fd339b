"""A worker, run as a process of its own against a small executor."""

import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import Listener

import pytest

from orquestra.executor.capture import unread_lines
from orquestra.executor.exchange import Exchange
from orquestra.executor.progress import read_progress
from orquestra.executor.protocol import (
    Began,
    Call,
    Calls,
    Constant,
    Counted,
    Forget,
    Function,
    Gathered,
    Hello,
    Item,
    Kept,
    Leave,
    Lines,
    Outcomes,
    Own,
    Recall,
    Returned,
)
from orquestra.sdk.code.functions import encode_function
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import LogStream, NodeId
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from orquestra.sdk.values import serialize

KEY = b"key"
RUN = WorkflowRunId("run-1")
PATIENCE = timedelta(seconds=10)
WORKER = "w1"
PROGRAM = f"""
import sys
from orquestra.executor.protocol import WorkerStart
from orquestra.executor.worker import run_worker

run_worker(WorkerStart({WORKER!r}, ("127.0.0.1", int(sys.argv[1])), {KEY!r}))
print("over")
"""


class SmallExecutor:
    """Gives calls to one worker, and collects what it says."""

    def __init__(self, folder, process, connection):
        self.folder = folder
        self.process = process
        self.connection = connection
        self.exchange = Exchange(folder)
        self.number = 0
        self.said = []

    def call(self, function, *arguments, after=None):
        """A call with its function, to be given."""
        self.number += 1
        key = (RUN, ir.TaskDefId(function.__name__))
        kept = (Kept(artifact(self.number), None),)
        invocation_id = ir.TaskInvocationId(f"invocation-{self.number}")
        return Call(self.number, key, invocation_id, 1, arguments, (), kept, after), function

    def give(self, *calls):
        functions = {call.function: described(function) for call, function in calls}
        self.connection.send(Calls(functions, [call for call, _ in calls]))

    def hear(self):
        assert self.connection.poll(PATIENCE.total_seconds()), f"silence after {self.said}"
        message = self.connection.recv()
        self.said.append(message)
        return message

    def hear_all(self):
        """Listen until the connection ends."""
        with suppress(EOFError, ConnectionResetError):
            while True:
                self.hear()

    def outcomes(self, *numbers):
        """Listen until these calls have ended."""
        found = {}
        while not found.keys() >= {*numbers}:
            message = self.hear()
            if isinstance(message, Outcomes):
                found |= {outcome.number: outcome for outcome in message.outcomes}
        return [found[number] for number in numbers]

    def values(self, *numbers):
        return [self.exchange.read(outcome.values[0]) for outcome in self.outcomes(*numbers)]

    def leave(self):
        self.connection.send(Leave())
        return self.process.communicate(timeout=PATIENCE.total_seconds())


def artifact(number):
    return ir.ArtifactNodeId(f"artifact-{number}")


def described(function):
    reference = ir.InlineFunctionRef(
        function_name=function.__name__, encoded_function=encode_function(function)
    )
    output = ir.TaskOutputMetadata(is_subscriptable=False, n_outputs=1)
    return Function(function.__name__, reference, output, dry_run=False, working_directory=None)


def constant(value):
    serialized = serialize(value)
    return Constant(serialized.format, serialized.data)


@contextmanager
def started(folder):
    with Listener(("127.0.0.1", 0), authkey=KEY) as listener:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(listener.address[1])],
            env={**os.environ, "ORQUESTRA_EXCHANGE": str(folder), "RAY_CLOUD_INSTANCE_ID": "n1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process, listener.accept() as connection:
            executor = SmallExecutor(folder, process, connection)
            try:
                assert executor.hear().node_id == NodeId("n1")
                yield executor
            finally:
                process.kill()
                executor.exchange.forget(RUN)


@pytest.fixture
def executor(tmp_path):
    with started(tmp_path) as made:
        yield made


def add(left, right):
    return left + right


def fail():
    raise ValueError("no luck")


def speak(text):
    print(text)


def wait_for(path):
    """Begins, and goes on once there is a file."""
    import time
    from pathlib import Path

    print("waiting", flush=True)
    while not Path(path).exists():
        time.sleep(0.005)
    print("done")


def crash(path):
    """Dies with unread words once there is a file."""
    import os
    import time
    from pathlib import Path

    print("seen", flush=True)
    while not Path(path).exists():
        time.sleep(0.005)
    os.write(1, b"last words")
    os._exit(3)


def test_calls_run_in_order_and_a_chain_needs_no_executor_between(executor):
    one = executor.call(add, constant(1), constant(2))
    two = executor.call(add, Own(artifact(1)), constant(3), after=1)
    three = executor.call(add, Own(artifact(2)), Own(artifact(1)), after=2)

    executor.give(one, two, three)

    assert executor.values(1, 2, 3) == [3, 6, 9]
    assert isinstance(executor.said[0], Hello)


def test_what_comes_after_a_failed_call_is_given_back_and_the_rest_runs(executor):
    executor.give(
        executor.call(fail),
        executor.call(add, Own(artifact(1)), constant(3), after=1),
        executor.call(add, Own(artifact(2)), constant(3), after=2),
        executor.call(add, constant(1), constant(1)),
    )

    failed, done = executor.outcomes(1, 4)

    assert failed.problem == "ValueError: no luck"
    assert failed.values == ()
    assert done.problem is None
    assert [said for said in executor.said if isinstance(said, Returned)] == [
        Returned([2]),
        Returned([3]),
    ]


def test_lines_of_a_call_come_before_its_outcome_with_its_number(executor):
    executor.give(*(executor.call(speak, constant(text)) for text in ("one", "two")))
    executor.outcomes(1, 2)

    order = []
    for message in executor.said:
        if isinstance(message, Lines):
            order += [(message.number, text) for _, text in message.lines]
        elif isinstance(message, Outcomes):
            order += [outcome.number for outcome in message.outcomes]

    assert order.index((1, "one")) < order.index(1)
    assert order.index((2, "two")) < order.index(2)


def test_a_long_call_is_told_of_and_others_are_given_back_while_it_runs(executor, tmp_path):
    stop = tmp_path / "stop"
    executor.give(
        executor.call(speak, constant("short")), executor.call(wait_for, constant(str(stop)))
    )
    while not isinstance(executor.hear(), Began):
        pass
    lines = executor.hear()
    executor.give(executor.call(fail), executor.call(fail))
    executor.connection.send(Recall())
    returned = executor.hear()
    executor.connection.send(Recall())
    again = executor.hear()
    stop.touch()
    executor.outcomes(2)

    assert [text for _, text in lines.lines] == ["waiting"]
    assert (returned, again) == (Returned([3, 4]), Returned([]))
    before = executor.said[: executor.said.index(returned)]
    ended = [o.number for said in before if isinstance(said, Outcomes) for o in said.outcomes]
    assert ended == [1], "what has ended is not held back by a long call"


def test_of_a_worker_that_died_its_call_and_last_words_are_found(executor, tmp_path):
    stop = tmp_path / "stop"
    executor.give(
        executor.call(add, constant(1), constant(1)), executor.call(crash, constant(str(stop)))
    )
    while not isinstance(executor.hear(), Lines):
        pass
    while not read_progress(tmp_path, WORKER).handed_on[LogStream.OUT]:
        assert executor.process.poll() is None
    stop.touch()
    executor.hear_all()

    progress = read_progress(tmp_path, WORKER)
    start = progress.handed_on[LogStream.OUT]
    assert executor.process.wait() == 3
    assert progress.number == 2
    assert unread_lines(tmp_path, WORKER, stream=LogStream.OUT, start=start) == ("last words",)


def test_a_worker_that_leaves_takes_its_files_but_values_stay(executor, tmp_path):
    executor.give(executor.call(add, constant(1), constant(1)))
    executor.outcomes(1)
    executor.connection.send(Forget(RUN))

    out, _ = executor.leave()

    assert out == "over\n", "its output is its own again"
    assert [path.name for path in tmp_path.iterdir()] == ["run-1.w1.1"]


def test_a_worker_without_executor_ends_even_in_the_middle_of_a_call(executor, tmp_path):
    executor.give(executor.call(wait_for, constant(str(tmp_path / "never"))))
    while not isinstance(executor.hear(), Began):
        pass

    executor.connection.close()

    assert executor.process.wait(PATIENCE.total_seconds()) == 1


def test_an_idle_worker_without_executor_ends_as_it_should(executor):
    executor.connection.close()

    assert executor.process.wait(PATIENCE.total_seconds()) == 0


def test_a_worker_counts_and_gathers_for_maps(tmp_path):
    with started(tmp_path) as executor:
        call, function = executor.call(lambda value: value**2, constant(3))
        rows, gathered = [constant(n) for n in range(4)], ir.CollectionType.LIST
        count = call._replace(keywords=(("0", constant([1, 2, 3])),), keeps=(), work="count")
        element = call._replace(number=2, arguments=(Item(constant([1, 2, 3]), 2),))
        gather = call._replace(
            number=3, arguments=(Gathered(gathered, (), tuple(rows)),), work="gather"
        )

        executor.give((count, function), (element, function), (gather, function))

        counted, *made = executor.outcomes(1, 2, 3)
        assert (counted.counted, counted.values, counted.problem) == (Counted(3, {}), (), None)
        assert [executor.exchange.read(outcome.values[0]) for outcome in made] == [9, [0, 1, 2, 3]]
        executor.leave()
