"""Whatever dies in the middle of a run, the result is right and nothing is left.

Each story is told twice: with containers, and with host processes.
"""

import pytest

from orquestra import sdk
from tests.running_engine import wait_for

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]


@pytest.fixture
def place(either_place):
    return either_place


@sdk.task
def slowly(number):
    import time

    print("working on", number, flush=True)
    time.sleep(6)
    return number * 10


@sdk.task
def together(*numbers):
    return list(numbers)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi", nodes=2))
def patience():
    return together(slowly(1), slowly(2))


def running(run) -> list:
    return run.get_tasks(state=sdk.State.RUNNING)


def wait_until_both_run(run):
    wait_for(lambda: len(running(run)) == 2, within=90, what=lambda: "both tasks to run")


def test_a_node_killed_in_the_middle_of_a_task_is_replaced(config, place, finish):
    run = patience().run(config)
    wait_until_both_run(run)
    (pool,) = run.get_nodes()
    victim = pool.nodes[0]

    place.kill(run.run_id, victim.id)
    status = finish(run)

    assert status.status.state is sdk.State.SUCCEEDED, status.message
    assert run.get_results() == [10, 20]
    (pool,) = run.get_nodes()
    (lost,) = [node for node in pool.nodes if node.id == victim.id]
    assert lost.state == "FAILED"
    assert "exit code 137" in lost.message


def test_a_killed_head_is_replaced_and_what_was_done_stays_done(config, place, finish):
    run = in_two_steps().run(config)
    wait_for(lambda: run.get_tasks(state=sdk.State.SUCCEEDED), within=90)
    done = next(iter(run.get_tasks(state=sdk.State.SUCCEEDED)))

    place.kill(run.run_id, "head")
    status = finish(run, within=200)

    assert status.status.state is sdk.State.SUCCEEDED, status.message
    assert run.get_results() == [110]
    attempts = [
        task
        for pool in run.get_nodes()
        for node in pool.nodes
        for task in node.tasks
        if task.invocation_id == done.task_invocation_id
    ]
    assert len(attempts) == 1


@sdk.task
def plus_one(number):
    return number + 1


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def in_two_steps():
    return together(slowly(plus_one(10)))


def test_a_killed_engine_goes_on_where_it_was(config, place, finish):
    run = patience().run(config)
    wait_until_both_run(run)
    before = place.members(run.run_id)

    place.engine.kill()
    place.engine.start()
    after = place.members(run.run_id)
    status = finish(run)

    assert status.status.state is sdk.State.SUCCEEDED, status.message
    assert run.get_results() == [10, 20]
    assert after == before
    assert len(before) >= 2


@pytest.mark.parametrize("force", [True, False], ids=["by force", "gently"])
def test_a_run_stopped_while_nodes_are_starting_leaves_nothing(config, finish, force):
    run = patience().run(config)
    wait_for(lambda: any(pool.nodes for pool in run.get_nodes()), within=60)

    run.stop(force=force)
    status = finish(run)

    expected = sdk.State.KILLED if force else sdk.State.TERMINATED
    assert status.status.state is expected
    run.stop(force=force)  # once more is no error
    assert run.get_status() is expected


def test_a_run_stopped_at_once_leaves_nothing(config, finish):
    run = patience().run(config)

    run.stop()

    assert finish(run).status.state is sdk.State.TERMINATED


def test_a_node_that_cannot_start_fails_the_run_with_the_reason(config, finish, custom_image):
    broken = custom_image("broken", "RUN rm -rf /home/orquestra/venv/lib/python*/site-packages/ray")
    run = with_image(broken).run(config)

    status = finish(run, within=60)

    assert status.status.state is sdk.State.FAILED
    assert "tests/broken:1" in status.message
    assert "ray" in status.message


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def with_image(image):
    return plus_one(1).with_custom_image(image)


def test_a_worker_that_dies_is_tried_again_as_often_as_asked(config, finish):
    run = crashing().run(config)

    status = finish(run)

    assert status.status.state is sdk.State.FAILED
    assert "crash" in status.message
    attempts = [task for pool in run.get_nodes() for node in pool.nodes for task in node.tasks]
    assert len(attempts) == 2


@sdk.task(max_retries=1)
def crash():
    import os

    os._exit(3)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def crashing():
    return crash()


def test_the_users_own_exception_is_the_message_and_is_not_tried_again(config, place, finish):
    run = failing().run(config)

    status = finish(run)

    assert status.status.state is sdk.State.FAILED
    assert "ValueError: no such molecule" in status.message
    (output,) = [log for log in run.get_logs().per_task.values() if log]
    assert output.err[-1] == "ValueError: no such molecule"
    assert place.engine.orq("wf", "results", run.run_id, "-c", config.name, expect=9)


@sdk.task
def fail():
    raise ValueError("no such molecule")


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def failing():
    return plus_one(fail())


def test_a_task_interrupted_from_within_fails_and_says_so(config, finish):
    run = interrupting().run(config)

    status = finish(run)

    assert status.status.state is sdk.State.FAILED
    assert "KeyboardInterrupt" in status.message


@sdk.task
def interrupt():
    raise KeyboardInterrupt


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def interrupting():
    return interrupt()
