"""Which engine a command talks to, and which run it is about."""

import contextlib
import json
import re
import socket
from datetime import timedelta

import pytest

from orquestra.cli import run_lookup
from orquestra.cli.run_lookup import look_up_run
from tests.unit.cli.canned_engine import END, RUN_ID, START, token


@pytest.fixture
def add_login(tmp_path):
    """Puts an entry before the others in the file of logins."""

    def add(name, **options):
        file = tmp_path / "config.json"
        content = json.loads(file.read_text()) if file.exists() else {"configs": {}}
        entry = {"config_name": name, "runtime_name": "CE_REMOTE", "runtime_options": options}
        content["configs"] = {name: entry, **content["configs"]}
        file.write_text(json.dumps(content))

    return add


def reasons(result):
    """The table of a search that found nothing."""
    rows = [line.strip() for line in result.stderr.splitlines() if line.startswith("  ")]
    return dict(re.split("  +", row, maxsplit=1) for row in rows)


@pytest.mark.parametrize("command", [["list"], ["view", "run-1"]])
def test_runs_of_a_program_are_no_business_of_the_command_line(orq, command):
    result = orq("wf", *command, "-c", "in_process")

    assert result.exit_code == 15
    assert "Use `-c local`" in result.stderr


def test_a_login_that_is_not_saved_is_answered_with_those_that_are(logged_in):
    result = logged_in("wf", "list", "-c", "lab")

    assert result.exit_code == 2
    assert "'lab'" in result.stderr
    assert "127" in result.stderr


def test_without_any_login_the_message_says_how_to_log_in(orq):
    result = orq("wf", "list")

    assert result.exit_code == 2
    assert "orq login" in result.stderr
    assert "orq up" in result.stderr


@pytest.mark.parametrize("name", ["local", "ray", "in_process", "auto"])
def test_a_login_whose_name_means_something_else_is_none_of_those_to_choose_from(
    logged_in, engine, add_login, name
):
    engine.answer_places(ada=[])
    engine.answer("/api/workflow-runs", [])
    add_login(name, uri="http://localhost:1", token=token())

    assert logged_in("wf", "list").exit_code == 0
    assert reasons(logged_in("wf", "view", "nothing")).keys() == {"Config name", "127", "local"}


def test_without_a_terminal_one_of_several_logins_must_be_named(logged_in, add_login):
    add_login("lab", uri="https://lab.example.com", token=token())

    result = logged_in("wf", "list")

    assert result.exit_code == 255
    assert reasons(result).keys() == {"lab", "127"}
    assert "hint: answer with -c/--config" in result.stderr


class TestOneLoginBesideTheLocalRuntime:
    @pytest.fixture(autouse=True)
    def local_runtime_is_up(self, monkeypatch):
        monkeypatch.setattr("orquestra.cli.runtimes.is_local_runtime_up", lambda: True)

    def test_in_a_script_the_login_is_taken_as_if_it_were_alone(self, logged_in, engine):
        engine.answer_places(ada=[])
        engine.answer("/api/workflow-runs", [])

        assert logged_in("wf", "list").exit_code == 0

    def test_at_a_terminal_both_are_offered(self, logged_in, engine, keyboard):
        keyboard.types("the local runtime", keyboard.ENTER)

        result = logged_in("wf", "list")

        assert result.exit_code == 11
        assert "The local runtime is not running" in result.stderr
        assert engine.calls == []

    def test_of_several_logins_none_is_taken_in_a_script(self, logged_in, add_login):
        add_login("lab", uri="https://lab.example.com", token=token())

        result = logged_in("wf", "list")

        assert result.exit_code == 255
        assert reasons(result).keys() == {"lab", "127", "local"}


def test_a_login_is_known_by_the_name_under_which_it_stands_in_the_file(orq, add_login, tmp_path):
    add_login("lab", uri="https://lab.example.com", token=token())
    file = tmp_path / "config.json"
    file.write_text(file.read_text().replace('"config_name": "lab"', '"config_name": "other"'))

    assert [login["name"] for login in orq.json("login", "--list")["logins"]] == ["lab"]
    assert "lab" in reasons(orq("wf", "view", RUN_ID))


@pytest.mark.parametrize("option", ["uri", "token"])
def test_a_damaged_login_is_in_the_way_of_no_other(logged_in, engine, add_login, option):
    engine.answer_run()
    add_login("odd", **({"uri": "https://x.example", "token": token()} | {option: 5}))

    assert logged_in.json("wf", "view", RUN_ID)["run_id"] == RUN_ID
    shown = {login["name"]: login["valid"] for login in logged_in.json("login", "--list")["logins"]}
    assert shown == {"odd": False, "127": True}
    assert f"'odd' has a {option} that is no text" in reasons(logged_in("wf", "view", "no"))["odd"]
    for arguments in (["wf", "list", "-c", "odd"], ["wf", "list"], ["doctor"]):
        assert "defect" not in logged_in(*arguments).output


@pytest.mark.parametrize(
    ("status", "code"), [(400, 255), (401, 12), (403, 12), (404, 255), (409, 255), (500, 255)]
)
def test_what_the_engine_answers_about_a_run_has_its_exit_code(logged_in, engine, status, code):
    body = {"message": "Refused", "detail": "The engine says why."}
    engine.answers[f"/api/workflow-runs/{RUN_ID}"] = (status, json.dumps(body).encode())

    result = logged_in("wf", "view", RUN_ID, "-c", "127")

    assert result.exit_code == code
    assert "The engine says why." in result.stderr
    assert "defect" not in result.stderr


class TestTheSearchForARun:
    def test_the_login_that_knows_it_is_found(self, logged_in, engine, add_login):
        engine.answer_run()
        add_login("away", uri="http://localhost:1", token=token())

        assert logged_in.json("wf", "view", RUN_ID)["run_id"] == RUN_ID

    def test_where_none_knows_it_each_says_why(self, logged_in, engine, add_login):
        add_login("away", uri="http://localhost:1", token=token())
        add_login("old", uri=engine.uri, token=token(expires_in=-60))
        add_login("bare", uri=engine.uri)

        result = logged_in("wf", "view", "nothing")

        assert result.exit_code == 10
        assert result.stderr.startswith("error: no login knows the workflow run nothing\n")
        told = reasons(result)
        assert list(told) == ["Config name", "bare", "old", "away", "127", "local"]
        assert told["Config name"] == "Reason"
        assert told["local"] == "Not running"
        assert "lacks its uri or its token" in told["bare"]
        assert told["old"].startswith("The login token has expired.")
        assert "http://localhost:1 cannot be reached" in told["away"]
        assert told["127"] == "Workflow run not found"
        assert "hint: " in result.stderr

    def test_all_are_asked_at_once_and_none_is_waited_for_without_end(
        self, logged_in, engine, add_login, monkeypatch
    ):
        monkeypatch.setattr(run_lookup, "PATIENCE", timedelta(milliseconds=300))
        engine.answer_run()
        with contextlib.ExitStack() as silent:
            for name in ("one", "two", "three"):
                server = silent.enter_context(socket.create_server(("127.0.0.1", 0)))
                port = server.getsockname()[1]
                add_login(name, uri=f"http://127.0.0.1:{port}", token=token())

            found = logged_in.json("wf", "view", RUN_ID)
            told = reasons(logged_in("wf", "view", "nothing"))

        assert found["run_id"] == RUN_ID
        assert told["one"] == told["three"] == "No answer within 0.3 s"
        assert told["127"] == "Workflow run not found"

    def test_of_two_that_know_it_the_first_in_the_file_is_taken(self, logged_in, engine, add_login):
        engine.answer_run()
        add_login("same", uri=engine.uri, token=token())

        assert look_up_run(RUN_ID).config.name == "same"

    def test_without_any_login_there_is_only_the_local_runtime(self, orq):
        result = orq("wf", "view", RUN_ID)

        assert result.exit_code == 10
        assert reasons(result)["local"] == "Not running"
        assert "orq login" in result.stderr


class TestARunThatIsNotGiven:
    @pytest.fixture
    def offered(self, logged_in, engine):
        fixed = {"definitionId": "def-1", "createTime": START, "owner": "ada", "dryRun": False}
        counts = {"totalTasks": 2, "completedTasks": 1}
        engine.answer_places(ada=["default"])
        engine.answer_run()
        engine.answer(
            "/api/workflow-runs",
            [
                {"id": "new", "status": {"state": "FAILED", "startTime": END}, **fixed, **counts},
                {"id": RUN_ID, "status": {"state": "RUNNING"}, **fixed, **counts},
            ],
        )
        return logged_in

    def test_it_is_chosen_from_those_of_the_workspace(self, offered, engine, keyboard):
        engine.answer_places(ada=[], lab=[])
        keyboard.types(keyboard.DOWN, keyboard.ENTER, keyboard.DOWN, keyboard.ENTER)

        assert offered.json("wf", "view")["run_id"] == RUN_ID
        assert any("workspaceId=lab" in call for call in engine.calls)

    @pytest.mark.parametrize("command", ["view", "results", "logs", "nodes", "timing", "stop"])
    def test_without_a_terminal_it_must_be_given(self, offered, command):
        result = offered("wf", command)

        assert result.exit_code == 255
        assert RUN_ID in result.stderr
        assert "hint: answer with RUN_ID" in result.stderr

    def test_the_only_one_is_asked_about_before_anything_is_done(self, offered, engine, keyboard):
        fixed = {"definitionId": "def-1", "createTime": START, "owner": "ada", "dryRun": False}
        counts = {"totalTasks": 2, "completedTasks": 1}
        engine.answer(
            "/api/workflow-runs",
            [{"id": RUN_ID, "status": {"state": "RUNNING"}, **fixed, **counts}],
        )
        keyboard.types("n")

        result = offered("wf", "stop")

        assert result.exit_code == 15
        assert f"Proceed with {RUN_ID}" in result.stderr
        assert not any("terminate" in call for call in engine.calls)

    def test_where_there_is_none_it_is_told_how_to_start_one(self, offered, engine):
        engine.answer("/api/workflow-runs", [])

        result = offered("wf", "stop")

        assert result.exit_code == 2
        assert "No options are available." in result.stderr
        assert "orq wf submit" in result.stderr
