"""What is offered for logins, runs and states."""

import threading
from datetime import timedelta

import click
import pytest
from click.shell_completion import BashComplete

from orquestra.cli.completion import values
from orquestra.cli.root import root
from orquestra.sdk import State
from tests.unit.cli.canned_engine import token

SUMMARY = {"definitionId": "d", "createTime": "2025-02-24T08:26:07Z", "owner": "ada"}
SUMMARY |= {"dryRun": False, "totalTasks": 2, "completedTasks": 1}


@pytest.fixture
def complete(orq):
    def ask(*words):
        completion = BashComplete(root, {}, "orq", "_ORQ_COMPLETE")
        return [
            (item.value, item.help)
            for item in completion.get_completions(list(words[:-1]), words[-1])
        ]

    return ask


@pytest.fixture
def with_runs(logged_in, engine):
    """A login of an engine with two runs."""
    runs = {"fit-1": "RUNNING", "test-2": "FAILED"}
    engine.answer(
        "/api/workflow-runs",
        [{"id": run, "status": {"state": state}, **SUMMARY} for run, state in runs.items()],
    )
    return engine


@pytest.mark.parametrize("command", [["login"], ["wf", "view"], ["wf", "list"], ["doctor"]])
def test_saved_logins_are_offered_and_the_local_runtime(logged_in, complete, command):
    assert complete(*command, "-c", "") == [("127", None), ("local", None)]
    assert complete(*command, "-c", "lo") == [("local", None)]


def test_a_file_of_logins_that_cannot_be_read_is_passed_over(complete, tmp_path):
    (tmp_path / "config.json").write_text("{")

    assert complete("wf", "list", "-c", "") == [("local", None)]


@pytest.mark.parametrize(
    "command", [["wf", "view"], ["task", "logs", "--wf-run-id"], ["wf", "graph", "--id"]]
)
def test_recent_runs_are_offered_with_their_states(with_runs, complete, command):
    assert complete(*command, "") == [("fit-1", "RUNNING"), ("test-2", "FAILED")]
    assert complete(*command, "te") == [("test-2", "FAILED")]


def test_runs_are_those_of_the_login_that_is_named(with_runs, logged_in, complete):
    logged_in("login", "-s", "http://127.0.0.1:1", "--name", "other", "-t", token())

    assert complete("wf", "view", "-c", "other", "") == []
    assert len(complete("wf", "view", "-c", "127", "")) == 2


def test_engines_that_fail_are_passed_over(with_runs, logged_in, complete):
    logged_in("login", "-s", "http://127.0.0.1:1", "--name", "other", "-t", token())

    assert len(complete("wf", "view", "")) == 2


def test_an_engine_that_is_slow_is_not_waited_for(monkeypatch, with_runs, complete):
    never = threading.Event()
    monkeypatch.setattr(values, "PATIENCE", timedelta(milliseconds=10))
    monkeypatch.setattr("orquestra.sdk.list_workflow_run_summaries", lambda *_, **__: never.wait())

    assert complete("wf", "view", "") == []
    never.set()


def test_states_are_offered_in_either_case():
    offered = values.states(click.Context(root), click.Option(["-s"]), "fa")

    assert [item.value for item in offered] == ["FAILED"]
    assert {
        item.value for item in values.states(click.Context(root), click.Option(["-s"]), "")
    } == {state.value for state in State}


@pytest.mark.parametrize("words", [["wf", "submit", "fl"], ["wf", "graph", "-m", "fl"]])
def test_for_a_module_shells_offer_their_files(orq, words):
    completion = BashComplete(root, {}, "orq", "_ORQ_COMPLETE")

    (item,) = completion.get_completions(words[:-1], words[-1])

    assert item.type == "file"


FLOWS = """
import not_installed
@sdk.workflow
def total(): ...
@workflow(custom_name="x")
def other(): ...
@sdk.task
def add(): ...
"""


@pytest.mark.parametrize("module", ["lab/flows.py", "lab.flows"])
def test_workflows_of_a_module_are_offered_and_nothing_of_it_is_run(
    complete, tmp_path, monkeypatch, module
):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "flows.py").write_text(FLOWS)
    monkeypatch.chdir(tmp_path)

    assert complete("wf", "submit", module, "") == [("total", None), ("other", None)]
    assert complete("wf", "graph", "-m", module, "-n", "t") == [("total", None)]
    assert complete("wf", "submit", "none.py", "") == []
