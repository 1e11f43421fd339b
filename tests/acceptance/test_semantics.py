"""What a task may do and what becomes of its values and output, the same in either place."""

import os

import pytest

from orquestra import sdk

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]


@pytest.fixture
def place(either_place):
    return either_place


@sdk.task(env_vars={"COLOUR": "blue"})
def say(word):
    import os
    import subprocess
    import sys

    print("out:", word)
    print("err:", word, file=sys.stderr)
    subprocess.run(["sh", "-c", "echo a child speaks"], check=True)
    return os.environ["COLOUR"]


@sdk.task
def halves(number):
    return number // 2, number - number // 2


@sdk.task
def grow(numbers, *, by=1):
    numbers.append(by)
    return numbers


@sdk.task
def large(length):
    import array

    return bytes(length), array.array("d", [1.0]) * (length // 8)


@sdk.task
def sizes(data, numbers):
    numbers[0] = 2.0
    return len(data), len(numbers), numbers[0]


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def many_things():
    low, high = halves(7)
    first = grow([1, 2])
    data, numbers = large(3_000_000)
    return (
        say("hello"),
        low,
        high,
        first,
        grow(first, by=3),
        grow(first, by=4),
        sizes(data, numbers),
        sizes(data, numbers),
        "a constant",
    )


def test_values_variables_and_output(config, finish):
    run = many_things().run(config)
    status = finish(run)
    assert status.status.state is sdk.State.SUCCEEDED, status.message

    assert run.get_results() == (
        "blue",
        3,
        4,
        [1, 2, 1],
        [1, 2, 1, 3],
        [1, 2, 1, 4],
        (3_000_000, 375_000, 2.0),
        (3_000_000, 375_000, 2.0),
        "a constant",
    )
    (output,) = [logs for logs in run.get_logs().per_task.values() if logs]
    assert output.out == ["out: hello", "a child speaks"]
    assert output.err == ["err: hello"]


@sdk.task
def number(index):
    if index % 100 == 0:
        print("task", index)
    return index


@sdk.task
def total(*numbers):
    return sum(numbers)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def wide(count):
    return total(*[number(index) for index in range(count)])


def test_many_short_tasks_each_with_its_own_record(config, finish):
    run = wide(1000).run(config)
    status = finish(run)
    assert status.status.state is sdk.State.SUCCEEDED, status.message

    assert run.get_results() == sum(range(1000))
    tasks = run.get_tasks(function_name="number")
    assert len(tasks) == 1000
    assert {task.get_status() for task in tasks} == {sdk.State.SUCCEEDED}
    lines = [logs.out for logs in run.get_logs().per_task.values() if logs]
    assert sorted(line for each in lines for line in each) == sorted(
        f"task {index}" for index in range(0, 1000, 100)
    )
    assert all(len(each) == 1 for each in lines)


@sdk.task
def break_one(index):
    import os

    if index == 150:
        os._exit(1)
    return index


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def poisoned():
    return total(*[break_one(index) for index in range(300)])


def test_a_task_that_kills_its_worker_is_the_one_that_has_failed(config, finish):
    run = poisoned().run(config)
    status = finish(run)

    assert status.status.state is sdk.State.FAILED
    assert "break_one" in status.message
    failed = run.get_tasks(state=sdk.State.FAILED)
    assert [task.task_invocation_id for task in failed] == [
        task.task_invocation_id
        for task in run.get_tasks(function_name="break_one")
        if task.get_inputs().args == [150]
    ]


CORES = os.cpu_count() or 1


@sdk.task(resources=sdk.Resources(cpu="1"))
def leave_much(index):
    import os
    import sys
    import time

    os.environ["LEFT_BEHIND"] = str(index)
    os.umask(0o077)
    sys.path.insert(0, "/left/behind")
    os.chdir("/usr")
    time.sleep(1)  # so that each worker gets one of these tasks


@sdk.task(resources=sdk.Resources(cpu=str(CORES)))  # so that it gets another worker
def look_around():
    import os
    import sys
    from pathlib import Path

    mask = os.umask(0o022)
    return (
        "LEFT_BEHIND" in os.environ,
        mask == 0o077,
        "/left/behind" in sys.path,
        Path.cwd() == Path("/usr"),
    )


@sdk.workflow(resources=sdk.Resources(cpu=str(CORES), memory="1Gi"))
def leaving():
    return tuple(leave_much(index) for index in range(CORES))


@sdk.workflow(resources=sdk.Resources(cpu=str(CORES), memory="1Gi"))
def looking():
    return look_around()


def test_a_run_does_not_see_what_another_has_left_in_the_process(config, finish):
    first = finish(leaving().run(config))
    assert first.status.state is sdk.State.SUCCEEDED, first.status.message

    run = looking().run(config)
    second = finish(run)
    assert second.status.state is sdk.State.SUCCEEDED, second.status.message

    assert run.get_results() == (False, False, False, False)
