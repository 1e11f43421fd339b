import json
import tempfile
from pathlib import Path

import click
import pytest

from orquestra.cli import viewers
from tests.unit.cli.canned_engine import RUN_ID

PROGRAM = """
from orquestra import sdk


@sdk.task
def add(a, b):
    return a + b


@sdk.workflow
def total(n: int = 2):
    return add(1, n)


@sdk.workflow
def other():
    return add("some", "thing")
"""


@pytest.fixture
def program(orq, project):
    (project / "sums.py").write_text(PROGRAM)
    return project


def test_a_workflow_of_a_module_is_drawn_as_text(orq, program):
    result = orq(
        "wf", "graph", "-m", "sums", "-n", "total", "--param", "n=7", "-f", "out/total.dot"
    )

    path = program / "out" / "total.dot"
    assert result.stdout == f"Graph of total saved at {path}\n"
    assert "add()" in path.read_text()
    assert "label=7" in path.read_text()


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG"), ("a.pdf", b"%PDF"), ("a", b"%PDF")],
)
def test_the_ending_says_what_kind_of_file_it_is(orq, program, name, beginning):
    document = orq.json("wf", "graph", "-m", "sums.py", "-n", "other", "-f", name)

    path = program / (name if "." in name else f"{name}.pdf")
    assert document == {"workflow": "other", "path": str(path)}
    assert path.read_bytes().startswith(beginning)


def test_another_ending_is_a_usage_error(orq, program):
    result = orq("wf", "graph", "-m", "sums", "-n", "total", "-f", "total.gif")

    assert result.exit_code == 2
    assert "pdf, svg, png, dot" in result.stderr


def test_a_run_is_drawn_by_its_id(logged_in, engine, tmp_path):
    engine.answer_run()
    file = tmp_path / "fit.dot"

    assert logged_in.json("wf", "graph", "--id", RUN_ID, "-f", str(file))["workflow"] == "fit"
    assert "train_model" in file.read_text()


def test_without_dot_it_is_told_what_to_install(orq, program, monkeypatch):
    monkeypatch.setenv("PATH", "")

    result = orq("wf", "graph", "-m", "sums", "-n", "total", "-f", "total.pdf")

    assert result.exit_code == 255
    assert result.stderr.startswith("error: the program `dot`, which makes drawings, is not inst")
    assert "-f graph.dot" in result.stderr


@pytest.mark.parametrize("run", [["-c", "lab"], ["--id", RUN_ID]])
@pytest.mark.parametrize("module", [["-m", "sums"], ["-n", "total"]])
def test_a_module_and_a_run_exclude_each_other(orq, run, module):
    assert orq("wf", "graph", *run, *module).exit_code == 2


@pytest.mark.parametrize("run", [["-c", "lab"], ["--id", RUN_ID]])
def test_a_run_takes_no_arguments(orq, run):
    result = orq("wf", "graph", *run, "--param", "n=1")

    assert result.exit_code == 2
    assert "a run has its own" in result.stderr


@pytest.mark.parametrize("name", ["/evil", "../../../evil", ".evil"])
def test_the_name_of_a_definition_leads_to_no_other_folder(
    logged_in, engine, tmp_path, monkeypatch, name
):
    engine.answer_run()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("orquestra.cli.workflow.graph._drawn", lambda *_: b"")
    path = "/api/workflow-definitions/def-1"
    document = json.loads(engine.answers[path][1])
    document["data"]["workflow"]["name"] = name
    engine.answer(path, document["data"])

    saved = Path(logged_in.json("wf", "graph", "--id", RUN_ID)["path"])

    assert saved.parent.parent == tmp_path
    assert not saved.name.startswith(".")


def test_without_any_option_a_module_is_asked_for(orq, program, keyboard):
    keyboard.types("sums", keyboard.ENTER, keyboard.DOWN, keyboard.ENTER)

    assert orq.json("wf", "graph", "-f", "a.dot")["workflow"] == "other"


def test_without_a_module_a_run_is_drawn(logged_in, engine, keyboard, tmp_path):
    engine.answer_run()
    engine.answer_bare("/api/catalog/workspaces", [{"id": "ada", "displayName": "Ada"}])
    summary = {"id": RUN_ID, "definitionId": "def-1", "createTime": "2025-02-24T08:26:07Z"}
    summary |= {"owner": "ada", "dryRun": False, "totalTasks": 2, "completedTasks": 1}
    engine.answer("/api/workflow-runs", [summary | {"status": {"state": "RUNNING"}}])
    keyboard.types(keyboard.ENTER, "y")

    document = logged_in.json("wf", "graph", "-f", str(tmp_path / "fit.dot"))

    assert document["workflow"] == "fit"


@pytest.mark.parametrize(("is_screen", "opened"), [(True, 1), (False, 0)])
def test_the_drawing_is_opened_where_there_is_a_screen(
    orq, program, monkeypatch, is_screen, opened
):
    launched = []
    monkeypatch.setattr(click, "launch", launched.append)
    monkeypatch.setattr("orquestra.cli.workflow.graph._is_terminal", lambda: True)
    monkeypatch.setattr(viewers, "has_screen", lambda: is_screen)

    orq("wf", "graph", "-m", "sums", "-n", "total", "-f", "a.svg")

    assert launched == [str(program / "a.svg")] * opened
