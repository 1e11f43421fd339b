import pytest

from orquestra.cli.workflow.logs import KINDS, choose_kinds, describe
from orquestra.sdk import LogOutput, WorkflowLogs
from tests.unit.cli.canned_engine import RUN_ID

UNSAID = dict.fromkeys(KINDS)


@pytest.fixture
def with_logs(logged_in, engine):
    engine.answer_run()
    lines = [
        (1.0, {"log": "epoch 1", "log_filename": "task.out"}),
        (2.0, {"log": "careful", "log_filename": "task.err"}),
    ]
    engine.answer_logs("/api/task-run-logs", *lines)
    engine.answer_logs("/api/workflow-run-logs/system", (1.0, {"log": "node n-1 joined"}))
    return logged_in


def test_all_kinds_are_shown_where_nothing_is_said():
    assert choose_kinds(UNSAID) == ["per_task", "system", "env_setup", "other"]


def test_a_kind_asked_for_excludes_the_others():
    assert choose_kinds({**UNSAID, "system": True, "other": False}) == ["system"]


def test_a_kind_ruled_out_leaves_the_others():
    assert choose_kinds({**UNSAID, "other": False}) == ["per_task", "system", "env_setup"]


def test_the_document_has_the_lines_by_kind_and_task():
    empty = LogOutput()
    output = LogOutput(out=["a"], err=["b"])
    logs = WorkflowLogs(per_task={"i-0": output}, env_setup=empty, system=output, other=empty)

    assert describe(logs, ["per_task", "system"]) == {
        "per_task": {"i-0": {"out": ["a"], "err": ["b"]}},
        "system": {"out": ["a"], "err": ["b"]},
    }


def test_logs_are_printed_by_kind(with_logs):
    printed = with_logs("wf", "logs", RUN_ID).stdout

    assert "per task logs" in printed
    assert "stdout  epoch 1" in printed
    assert "stderr  careful" in printed
    assert "node n-1 joined" in printed
    assert "env setup logs" not in printed


def test_a_kind_asked_for_that_is_empty_gives_a_warning(with_logs):
    result = with_logs("wf", "logs", RUN_ID, "--env-setup")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == "No 'env_setup' logs are available for this workflow\n"


def test_logs_are_saved_one_file_for_each_kind_and_stream(with_logs, tmp_path):
    result = with_logs("wf", "logs", RUN_ID, "--system", "--download-dir", str(tmp_path))

    saved = tmp_path / f"{RUN_ID}_system.log"
    assert f"Workflow system logs saved at {saved}\n" in result.stdout
    assert saved.read_text() == "node n-1 joined\n"
    assert (tmp_path / f"{RUN_ID}_system.err").read_text() == ""


def test_saved_logs_of_tasks_say_whose_they_are(with_logs, tmp_path):
    with_logs("wf", "logs", RUN_ID, "--task", "--download-dir", str(tmp_path))

    text = (tmp_path / f"{RUN_ID}_per_task.log").read_text()
    assert text.startswith("stdout logs for task invocation: invocation-")
    assert "\n\nepoch 1\n" in text
