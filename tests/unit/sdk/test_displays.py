"""What notebooks show."""

import pytest

from orquestra import sdk
from orquestra.sdk import displays
from orquestra.sdk.displays import MOST_LINES, MOST_ROWS
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State


@sdk.task(resources=sdk.Resources(cpu="2"), custom_image="example/<image>:1")
def shout(text):
    print(f"<b>{text}</b>")
    return text


@sdk.task
def fail(_text):
    raise ValueError("a < b")


@sdk.workflow
def good():
    return shout("one"), shout("two")


@sdk.workflow
def bad():
    return fail(shout("one"))


def test_a_run_shows_its_state_progress_and_tasks():
    run = good().run("in_process")

    html = run._repr_html_()

    for piece in ("good", run.run_id, "SUCCEEDED", 'value="2" max="2"', "invocation-1-task-shout"):
        assert piece in html


def test_a_run_that_failed_shows_why_with_everything_escaped():
    with pytest.raises(ValueError, match="a < b"):
        bad().run("in_process")
    html = sdk.list_workflow_runs("in_process", limit=1)[0]._repr_html_()

    assert "ValueError: a &lt; b" in html
    assert "FAILED" in html


def test_a_run_whose_engine_is_away_shows_that_instead_of_a_traceback(make_token):
    config = sdk.RuntimeConfig.unsaved(name="x", uri="http://localhost:1", token=make_token({}))
    from orquestra.sdk.runs.run_search import connect

    html = sdk.WorkflowRun("r1", config=config, runtime=connect(config))._repr_html_()

    assert "r1" in html
    assert "cannot be reached" in html


def test_a_list_of_tasks_is_a_list_and_a_table():
    tasks = good().run("in_process").get_tasks()

    assert isinstance(tasks, list)
    assert tasks._repr_html_().count("<tr>") == 3
    assert "invocation-1-task-shout" in tasks[0]._repr_html_()


def test_a_long_list_is_cut():
    run = sdk.list_workflow_runs("in_process", limit=1)[0]
    (row, *_) = [(t._task_run, t.fn_name) for t in run.get_tasks()]

    html = displays.tasks_html([row] * (MOST_ROWS + 5))

    assert html.count("<tr>") == MOST_ROWS + 1
    assert "and 5 more" in html


def test_a_workflow_shows_its_tasks_with_calls_image_and_resources():
    html = displays.workflow_html(good().model)

    for piece in ("2 calls of 1 tasks", "example/&lt;image&gt;:1", "cpu=2", ">2<"):
        assert piece in html


def test_logs_show_each_part_that_has_lines():
    logs = good().run("in_process").get_logs()

    html = logs._repr_html_()

    assert html.count("<details>") == 2
    assert "&lt;b&gt;two&lt;/b&gt;" in html
    assert "env_setup" not in html


def test_long_logs_are_cut_at_their_beginning():
    html = sdk.LogOutput([str(n) for n in range(MOST_LINES + 7)], ["late"])._repr_html_()

    assert "... 7 lines before\n7\n" in html
    assert "late" in html


def test_progress_is_one_line_with_its_message():
    progress = api.RunProgress(state=State.FAILED, message="<no>", total_tasks=4, completed_tasks=1)

    html = displays.progress_html("r1", progress)

    assert 'value="1" max="4"' in html
    assert "&lt;no&gt;" in html
