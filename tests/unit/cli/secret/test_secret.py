import json

import pytest
from click.testing import CliRunner

from orquestra.cli import prompts
from orquestra.cli.root import root
from tests.unit.cli.canned_engine import token

SECRETS = "/api/config/secrets"
IN_TEAM = f"{SECRETS}/zri:v1::0:team:secret:db-password"
VALUE = "hunter2"


@pytest.fixture
def secret(engine, logged_in):
    """An engine with one secret in two workspaces; the command line that is logged in to it."""
    engine.answer(SECRETS, [{"name": "db-password"}])
    for path in (f"{SECRETS}/db-password", IN_TEAM):
        engine.answer(path, {"details": {"name": "db-password", "value": VALUE}})
    return logged_in


def test_names_are_listed_one_a_line(secret, engine):
    assert secret("secret", "list").stdout == "db-password\n"
    assert secret.json("secret", "list", "-w", "team") == {"secrets": [{"name": "db-password"}]}
    assert engine.calls == [f"GET {SECRETS}", f"GET {SECRETS}?workspace=team"]


def test_no_names_are_no_lines(secret, engine):
    engine.answer(SECRETS, [])

    result = secret("secret", "list")

    assert (result.stdout, result.stderr) == (
        "",
        "There are no secrets in your personal workspace.\n",
    )


def test_a_value_is_all_that_is_printed(secret):
    assert secret("secret", "get", "db-password").stdout == f"{VALUE}\n"
    assert secret.json("secret", "get", "db-password", "-w", "team") == {
        "name": "db-password",
        "value": VALUE,
    }


def test_a_missing_secret_is_told(secret):
    result = secret("secret", "get", "other")

    assert result.exit_code == 255
    assert result.stderr.startswith("error: There is no secret 'other' in your workspace")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("hunter2", "hunter2"),
        ("hunter2\n", "hunter2"),
        ("a\r\n", "a"),
        (" a\n\n", " a\n"),
        ("", ""),
    ],
)
def test_a_value_is_read_from_standard_input(secret, engine, given, value):
    arguments = ["secret", "set", "db-password", "--stdin", "-w", "team"]

    result = CliRunner().invoke(root, arguments, input=given)

    assert result.output == "Secret db-password saved in the workspace team.\n"
    sent = {"name": "db-password", "value": value, "resourceGroup": "team"}
    assert json.loads(engine.bodies[SECRETS]) == {"data": sent}


def test_what_is_no_text_is_told(secret, engine):
    arguments = ["secret", "set", "db-password", "--stdin"]

    result = CliRunner().invoke(root, arguments, input=b"\xff\xfe")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: the value is no text")
    assert engine.bodies == {}


def test_a_value_is_asked_for_and_not_shown(secret, engine, monkeypatch):
    monkeypatch.setattr(prompts, "is_interactive", lambda: True)

    result = CliRunner().invoke(root, ["secret", "set", "db-password"], input=f"{VALUE}\n")

    assert "Value of db-password" in result.stderr
    assert VALUE not in result.output
    assert json.loads(engine.bodies[SECRETS])["data"]["value"] == VALUE


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_name_that_no_secret_can_have_is_refused_before_its_value_is_asked_for(
    secret, engine, monkeypatch, is_terminal
):
    monkeypatch.setattr(prompts, "is_interactive", lambda: is_terminal)

    result = CliRunner().invoke(root, ["secret", "set", "a b"], input=f"{VALUE}\n")

    assert result.exit_code == 2
    assert "A name has at most 128 letters" in result.stderr
    assert "Value of" not in result.stderr
    assert engine.calls == []


def test_without_a_terminal_the_other_way_is_told(secret, engine):
    result = secret("secret", "set", "db-password")

    assert result.exit_code == 255
    assert "hint: pipe it in: `... | orq secret set db-password --stdin`" in result.stderr
    assert engine.bodies == {}


def test_ctrl_c_saves_nothing(secret, engine, monkeypatch):
    monkeypatch.setattr(prompts, "is_interactive", lambda: True)

    result = secret("secret", "set", "db-password")

    assert result.exit_code == 15
    assert "nothing was done" in result.stderr
    assert engine.bodies == {}


def test_a_value_is_no_argument(secret, engine):
    result = secret("secret", "set", "db-password", VALUE)

    assert result.exit_code == 2
    assert engine.bodies == {}


def test_a_secret_is_removed(secret, engine):
    assert secret("secret", "delete", "db-password", "-w", "team").output == (
        "Secret db-password removed from the workspace team.\n"
    )
    assert engine.calls == [f"DELETE {IN_TEAM}"]


def test_in_a_task_the_secrets_are_those_of_its_run(orq, engine, tmp_path, monkeypatch):
    (tmp_path / "token").write_text(token())
    monkeypatch.setenv("ORQ_SECRETS_URI", engine.uri)
    monkeypatch.setenv("ORQ_SECRETS_TOKEN_FILE", str(tmp_path / "token"))
    engine.answer(SECRETS, [{"name": "db-password"}])

    assert orq("secret", "list").stdout == "db-password\n"


def test_verbose_output_has_no_value(secret, monkeypatch):
    monkeypatch.setenv("ORQ_VERBOSE", "1")
    arguments = ["secret", "set", "db-password", "--stdin"]

    result = CliRunner().invoke(root, arguments, input=VALUE)

    assert result.exit_code == 0
    assert VALUE not in result.output
