import os
import shlex
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from orquestra.cli.root import root
from tests.unit.cli.canned_engine import RUN_ID, token

HEAVY = {
    *("alembic", "fastapi", "ray", "sqlalchemy"),
    *("graphviz", "httpx", "prompt_toolkit", "pydantic", "questionary", "rich"),
}

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
        ["wf", "graph", "--help"],
        ["task", "results", "--help"],
        ["login", "--help"],
        ["project", "list", "--help"],
        ["doctor", "--help"],
        ["completion", "--help"],
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

    assert "there is no login to use" in done.stderr
    assert "orquestra.sdk" in done.stderr.split()
    assert "orquestra.engine" not in done.stderr.split()


def test_an_unknown_command_is_a_usage_error(orq):
    result = orq("wf", "veiw")

    assert result.exit_code == 2
    assert "No such command 'veiw'" in result.stderr


def test_the_version_names_the_sdk(orq):
    assert orq("-V").stdout.startswith("Orquestra Workflow SDK, version ")


def run(*arguments, redirection="", **variables):
    """The command line as a program of its own, started by a shell."""
    command = shlex.join([sys.executable, "-m", "orquestra.cli", *arguments])
    return subprocess.run(
        ["sh", "-c", f"{command} {redirection}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


class TestAnAnswerThatNobodyCanTake:
    @pytest.fixture(autouse=True)
    def one_login(self, orq):
        assert orq("login", "-s", "https://lab.example.com", "-t", token()).exit_code == 0

    @pytest.mark.parametrize("arguments", [["login", "--list"], ["login", "list", "--json"]])
    def test_a_full_disk_is_told_in_its_own_words(self, arguments):
        done = run(*arguments, redirection=">/dev/full")

        assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")

    @pytest.mark.parametrize("arguments", [["login", "--list"], ["login", "list", "--json"]])
    def test_a_closed_output_is_no_failure(self, arguments):
        done = run(*arguments, redirection=">&-")

        assert (done.returncode, done.stderr) == (0, "")

    def test_an_encoding_without_the_characters_is_told_with_the_variable_that_mends_it(self):
        done = run("login", "--list", PYTHONIOENCODING="ascii")

        assert done.returncode == 1
        assert "encoding ascii" in done.stderr
        assert "PYTHONIOENCODING=utf-8" in done.stderr

    def test_a_width_that_is_none_is_passed_over(self):
        assert run("login", "--list", COLUMNS="abc").returncode == 0


def test_a_token_file_of_a_platform_that_is_not_there_is_told(orq, monkeypatch):
    monkeypatch.setenv("ORQUESTRA_PASSPORT_FILE", "/nonexistent")
    monkeypatch.setenv("ORQ_CURRENT_CLUSTER", "lab.example.com")

    result = orq("wf", "list", "-c", "auto")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ORQUESTRA_PASSPORT_FILE says")
    assert "defect" not in result.stderr


class TestCtrlC:
    def test_in_a_command_ends_with_the_code_of_shells(self, orq, monkeypatch):
        def interrupted(**_):
            raise KeyboardInterrupt

        monkeypatch.setattr("orquestra.cli.login.listing.show", interrupted)

        result = orq("login", "--list")

        assert (result.exit_code, result.stderr) == (130, "\ncancelled\n")

    @pytest.mark.parametrize("module", ["orquestra.cli.root", "orquestra.cli.exit_codes"])
    def test_while_the_program_is_being_imported_does_the_same(self, module):
        program = f"""
import sys
import orquestra.cli
class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
orquestra.cli.main()
"""
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stderr) == (130, "\ncancelled\n")

    def test_at_a_question_of_click_is_a_cancelled_question(self, orq, monkeypatch):
        def aborted(**_):
            raise click.Abort

        monkeypatch.setattr("orquestra.cli.login.listing.show", aborted)

        assert orq("login", "--list").exit_code == 15
