"""Tries that follow each other, and what ends them: success, their number, Ctrl-C, a stop."""

import threading
from datetime import timedelta

import pytest

from orquestra import sdk
from orquestra.sdk.in_process.records import RunRecord
from orquestra.sdk.schema.workflow_run import State
from tests.unit.sdk.in_process.small_tasks import newest, same


def test_a_task_is_tried_again_as_its_policy_says(execute, tmp_path):
    count = tmp_path / "count"

    @sdk.task(retries=2)
    def flaky():
        tried = len(count.read_text()) if count.exists() else 0
        count.write_text("x" * (tried + 1))
        if tried < 2:
            raise RuntimeError(f"try {tried}")
        return "at last"

    run = execute(flaky)

    assert run.get_results() == "at last"
    errors = "\n".join(run.get_tasks()[0].get_logs().err)
    assert "try 0" in errors
    assert "try 1" in errors


def test_a_task_that_always_fails_is_tried_so_often_and_no_more(waits, tmp_path):
    count = tmp_path / "count"

    @sdk.task(retries=sdk.RetryPolicy(max_retries=3, delay=1, backoff=4, max_delay=10))
    def hopeless():
        with count.open("a") as file:
            file.write("x")
        raise RuntimeError("never")

    @sdk.workflow
    def trying():
        return hopeless()

    with pytest.raises(RuntimeError):
        trying().run("in_process")

    assert count.read_text() == "xxxx"
    assert waits == [1, 4, 10]
    assert "never (tried 4 times)" in newest().get_status_model().message


def test_ctrl_c_is_not_tried_again_and_terminates_the_run(execute):
    @sdk.task(retries=3)
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(interrupted)

    assert newest().get_status() is sdk.State.TERMINATED


@sdk.task(retries=sdk.RetryPolicy(max_retries=1, delay=60))
def hopeless():
    import importlib

    importlib.import_module("in_process_meeting").events.begun.set()
    raise ValueError


@sdk.workflow
def hopeless_call():
    return hopeless()


@sdk.workflow
def hopeless_map():
    return sdk.map(_hopeless_element, [1])


@sdk.task(retries=sdk.RetryPolicy(max_retries=1, delay=60))
def _hopeless_element(_n):
    raise ValueError


@pytest.mark.parametrize("workflow", [hopeless_call, hopeless_map])
def test_ctrl_c_between_two_tries_ends_the_run_and_its_task(workflow, monkeypatch, meeting):
    def interrupt(_record, *, within=timedelta()):
        if within:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(RunRecord, "is_to_stop", interrupt)

    with pytest.raises(KeyboardInterrupt):
        workflow().run("in_process")

    run = newest().get_status_model()
    assert run.status.state is State.TERMINATED
    assert run.task_runs[0].status.state is State.TERMINATED
    assert run.task_runs[0].status.end_time == run.status.end_time


def test_a_run_between_two_tries_can_be_stopped(meeting):
    runs = []
    thread = threading.Thread(target=lambda: runs.append(hopeless_call().run("in_process")))
    thread.start()
    assert meeting.begun.wait(5)

    newest().stop()
    thread.join(5)

    assert runs[0].get_status() is State.TERMINATED
    assert runs[0].get_tasks()[0].get_status() is State.TERMINATED


@sdk.task
def _wait_in_a_task():
    import importlib

    events = importlib.import_module("in_process_meeting").events
    events.begun.set()
    events.go_on.wait(5)


def test_a_run_in_another_thread_can_be_watched_and_stopped(meeting):
    runs = []

    @sdk.workflow
    def stopped():
        return same(_wait_in_a_task())

    thread = threading.Thread(target=lambda: runs.append(stopped().run("in_process")))
    thread.start()
    assert meeting.begun.wait(5)
    run = newest()
    assert run.get_status() is sdk.State.RUNNING
    run.stop()
    meeting.go_on.set()
    assert run.wait_until_finished(verbose=False) is sdk.State.TERMINATED
    thread.join()
    assert runs[0].run_id == run.run_id
