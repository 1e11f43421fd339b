import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from orquestra.cli.root import root
from tests.unit.cli.canned_engine import RUN_ID, token

HEAVY = {"alembic", "fastapi", "httpx", "pydantic", "ray", "rich", "sqlalchemy"}

PRINT_LOADED = """
import sys
from orquestra.cli import main
try:
    main()
except SystemExit:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["wf", "--help"],
        ["wf", "view", "--help"],
        ["up", "--help"],
        ["engine", "serve", "--help"],
    ],
)
def test_help_imports_nothing_heavy(arguments):
    done = subprocess.run(
        [sys.executable, "-c", PRINT_LOADED, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Usage: orq" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_groups_and_commands_answer_to_their_aliases(orq):
    assert orq("workflow", "outputs", "-h").output == orq("wf", "results", "-h").output


def test_every_declared_command_can_be_loaded():
    def load_all(group):
        for name in group.list_commands(None):
            command = group.get_command(None, name)
            assert command.help
            if hasattr(command, "list_commands"):
                load_all(command)

    load_all(root)


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_are_off_where_no_color_is_set(orq, engine, monkeypatch, no_color, coloured):
    monkeypatch.setenv("NO_COLOR", no_color)
    runner = CliRunner()
    orq("login", "-s", engine.uri, "-t", token())
    engine.answer_run()
    engine.answer_logs("/api/task-run-logs", (1.0, {"log": "epoch 1"}))

    shown = runner.invoke(root, ["wf", "logs", RUN_ID, "--task"], color=True)
    failed = runner.invoke(root, ["wf", "view", "nothing"], color=True)

    assert "epoch 1" in shown.stdout
    assert (click.style("stdout", dim=True) in shown.stdout) is coloured
    assert (click.style("error: ", fg="red") in failed.stderr) is coloured


def test_a_command_that_fails_imports_nothing_of_the_engine(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PRINT_LOADED.replace('.partition(".")[0]', ""), "wf", "list"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "ORQ_CONFIG_PATH": str(tmp_path / "config.json")},
    )

    assert "no login is saved" in done.stderr
    assert "orquestra.sdk" in done.stderr.split()
    assert "orquestra.engine" not in done.stderr.split()


def test_an_unknown_command_is_a_usage_error(orq):
    result = orq("wf", "veiw")

    assert result.exit_code == 2
    assert "No such command 'veiw'" in result.stderr


def test_the_version_names_the_sdk(orq):
    assert orq("-V").stdout.startswith("Orquestra Workflow SDK, version ")
