from pathlib import Path

import pytest

from orquestra.cli.log_output import save_text
from orquestra.cli.workflow.logs import KINDS, describe, wanted_kinds
from orquestra.sdk import LogOutput, WorkflowLogs
from tests.unit.cli.canned_engine import RUN_ID

UNSAID = dict.fromkeys(KINDS)


@pytest.fixture
def with_logs(logged_in, engine):
    engine.answer_run()
    lines = [
        (1.0, {"log": "epoch 1", "log_filename": "task.out"}),
        (1.5, {"log": "epoch 2", "log_filename": "task.out"}),
        (2.0, {"log": "careful", "log_filename": "task.err"}),
    ]
    engine.answer_logs("/api/task-run-logs", *lines)
    engine.answer_logs("/api/workflow-run-logs/system", (1.0, {"log": "node n-1 joined"}))
    return logged_in


def test_all_kinds_are_shown_where_nothing_is_said():
    assert wanted_kinds(UNSAID) == ["per_task", "system", "env_setup", "other"]


def test_a_kind_asked_for_excludes_the_others():
    assert wanted_kinds({**UNSAID, "system": True, "other": False}) == ["system"]


def test_a_kind_ruled_out_leaves_the_others():
    assert wanted_kinds({**UNSAID, "other": False}) == ["per_task", "system", "env_setup"]


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
    assert "  stdout   epoch 1\n           epoch 2\n  stderr   careful\n" in printed
    assert "node n-1 joined" in printed
    assert "env setup logs" not in printed


def test_at_a_terminal_it_is_asked_which_kind_to_show(with_logs, keyboard):
    keyboard.types(*[keyboard.DOWN] * 2, keyboard.ENTER)

    result = with_logs("wf", "logs", RUN_ID)

    assert "available logs" in result.stderr
    assert "node n-1 joined" in result.stdout
    assert "epoch 1" not in result.stdout


def test_at_a_terminal_all_kinds_are_preselected(with_logs, keyboard):
    keyboard.types(keyboard.ENTER)

    printed = with_logs("wf", "logs", RUN_ID).stdout

    assert "epoch 1" in printed
    assert "node n-1 joined" in printed


@pytest.mark.parametrize("options", [["--no-system"], ["--task"], ["--json"]])
def test_nothing_is_asked_where_one_kind_is_left_or_a_program_reads(with_logs, keyboard, options):
    result = with_logs("wf", "logs", RUN_ID, *options)

    assert result.exit_code == 0
    assert "epoch 1" in result.stdout


def test_logs_of_tasks_are_not_asked_for_where_others_are_wanted(with_logs, engine):
    printed = with_logs("wf", "logs", RUN_ID, "--system").stdout

    assert "node n-1 joined" in printed
    assert {call.partition("?")[0] for call in engine.calls if "logs" in call} == {
        "GET /api/workflow-run-logs/system"
    }


def test_a_kind_asked_for_that_is_empty_gives_a_warning(with_logs):
    result = with_logs("wf", "logs", RUN_ID, "--env-setup")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == "No 'env_setup' logs are available for this workflow\n"


def test_where_nothing_was_logged_there_is_nothing_to_choose_from(logged_in, engine):
    engine.answer_run()

    result = logged_in("wf", "logs", RUN_ID)

    assert result.exit_code == 2
    assert "available logs:\nNo options are available." in result.stderr


def test_logs_are_saved_one_file_for_each_kind_and_stream(with_logs, tmp_path):
    result = with_logs("wf", "logs", RUN_ID, "--system", "--download-dir", str(tmp_path))

    out, err = tmp_path / f"{RUN_ID}_system.log", tmp_path / f"{RUN_ID}_system.err"
    assert result.stdout == (
        f"Workflow system logs saved at {out}\nWorkflow system logs saved at {err}\n"
    )
    assert (out.read_text(), err.read_text()) == ("node n-1 joined\n", "")


def test_saved_logs_of_tasks_say_whose_they_are(with_logs, tmp_path):
    with_logs("wf", "logs", RUN_ID, "--task", "--download-dir", str(tmp_path))

    for suffix, stream, lines in (
        ("log", "stdout", "epoch 1\nepoch 2"),
        ("err", "stderr", "careful"),
    ):
        first, second = (
            (tmp_path / f"{RUN_ID}_per_task.{suffix}").read_text().split("\n\n" + stream)
        )
        assert first.startswith(f"{stream} logs for task invocation: invocation-")
        assert second.endswith(f":\n\n{lines}\n")


def test_the_paths_of_saved_logs_are_told_to_programs(with_logs, tmp_path):
    told = with_logs.json("wf", "logs", RUN_ID, "--system", "--download-dir", str(tmp_path))

    assert told["logs"]["system"]["out"] == str(tmp_path / f"{RUN_ID}_system.log")


@pytest.mark.parametrize("options", [[], ["--task"], ["--no-system"]])
def test_a_program_gets_the_same_files_as_a_person(with_logs, tmp_path, options):
    for name, more in (("text", []), ("document", ["--json"])):
        folder = str(tmp_path / name)
        with_logs("wf", "logs", RUN_ID, "--download-dir", folder, *options, *more)

    names = [{file.name for file in (tmp_path / n).iterdir()} for n in ("text", "document")]
    assert names[0] == names[1] != set()


@pytest.mark.parametrize("more", [[], ["--follow"], ["--json"]])
def test_to_rule_out_every_kind_is_a_usage_error(with_logs, more):
    none = ["--no-task", "--no-system", "--no-env-setup", "--no-other"]

    result = with_logs("wf", "logs", RUN_ID, *none, *more)

    assert result.exit_code == 2
    assert "Every kind of logs is ruled out." in result.stderr


def test_the_id_of_a_run_leads_to_no_other_folder(tmp_path):
    path = save_text({"out": "x", "err": ""}, folder=tmp_path / "logs", name="../../evil")["out"]

    assert (tmp_path / "logs") in Path(path).parents
    assert ".." not in Path(path).parts
