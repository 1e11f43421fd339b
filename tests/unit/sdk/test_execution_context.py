import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from orquestra.sdk import current_exec_ctx, current_run_ids
from orquestra.sdk.exceptions import WorkflowRunIDNotFoundError
from orquestra.sdk.execution_context import (
    CurrentExecutionCtx,
    CurrentRunIDs,
    building,
    current_context,
    is_building,
    running_task,
)

IDS = CurrentRunIDs("run-1", "invocation-0-task-f", "run-1@invocation-0-task-f")
OTHERS = CurrentRunIDs("run-2", "invocation-0-task-g", "run-2@invocation-0-task-g")


def in_a_thread(function):
    """The result in a thread that inherits no context, as Python's threads do not."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_a_task_knows_its_ids_and_what_it_runs_on():
    with running_task(IDS, "ray"):
        assert current_run_ids() == IDS
        assert current_exec_ctx() == CurrentExecutionCtx("ray", None, None)
        assert not is_building()

    assert current_context() is None


def test_plain_python_has_no_ids_and_runs_in_process():
    with pytest.raises(WorkflowRunIDNotFoundError, match="inside a task"):
        current_run_ids()
    assert current_exec_ctx() == CurrentExecutionCtx("in_process", None, None)
    assert not is_building()


@pytest.mark.parametrize("function", [current_run_ids, current_exec_ctx])
def test_a_workflow_function_has_no_run_yet(function):
    with building():
        assert is_building()
        with pytest.raises(NotImplementedError, match=rf"sdk.{function.__name__}\(\)"):
            function()

    assert not is_building()


def test_a_context_ends_with_an_error_too():
    with contextlib.suppress(KeyError), running_task(IDS, "ray"):
        raise KeyError

    assert current_context() is None


def test_contexts_nest():
    with running_task(IDS, "ray"):
        with building():
            assert is_building()
        with running_task(OTHERS, "in_process"):
            assert current_run_ids() == OTHERS
        assert current_run_ids() == IDS


def test_a_thread_of_a_task_has_the_ids_of_the_task():
    with running_task(IDS, "ray"):
        assert in_a_thread(current_run_ids) == IDS


def test_a_thread_is_of_no_task_where_it_could_be_of_several():
    unknown = pytest.raises(WorkflowRunIDNotFoundError)

    with running_task(IDS, "ray"), running_task(OTHERS, "ray"), unknown:
        in_a_thread(current_run_ids)


def test_tasks_in_several_threads_keep_their_own_ids():
    together = threading.Barrier(2, timeout=2)

    def run(ids):
        with running_task(ids, "in_process"):
            together.wait()
            found = current_run_ids()
            together.wait()
            return found

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, [IDS, OTHERS])) == [IDS, OTHERS]
    assert current_context() is None


def test_a_thread_that_builds_a_workflow_is_of_no_task():
    def build():
        with building():
            return is_building()

    with running_task(IDS, "ray"):
        assert in_a_thread(build)


def test_other_threads_go_on_while_one_builds_a_workflow():
    with building():
        assert not in_a_thread(is_building)


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("prod-d.example.com", "prod-d"),
        ("prod-d", "prod-d"),
        ("https://prod-d.example.com", "prod-d"),
        ("https://prod-d.example.com/", "prod-d"),
    ],
)
def test_inside_of_a_platform_the_environment_says_where_this_runs(monkeypatch, cluster, name):
    monkeypatch.setenv("ORQ_CURRENT_CLUSTER", cluster)
    monkeypatch.setenv("ORQ_CURRENT_WORKSPACE", "team")

    with building():
        assert current_exec_ctx() == CurrentExecutionCtx(name, "team", None)
    with running_task(IDS, "ray"):
        assert current_exec_ctx() == CurrentExecutionCtx(name, "team", None)
