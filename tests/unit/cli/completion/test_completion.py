"""Completion as shells ask for it, and the scripts that have them ask."""

import os
import subprocess
import sys

import pytest

from orquestra.cli.completion.installing import install
from orquestra.cli.root import root

SHELLS = ["bash", "zsh", "fish"]

PRINT_LOADED = """
import sys
from orquestra.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.fixture
def complete(orq):
    """What a shell is offered for the last word of a line."""

    def ask(*words):
        from click.shell_completion import BashComplete

        completion = BashComplete(root, {}, "orq", "_ORQ_COMPLETE")
        return completion.get_completions(list(words[:-1]), words[-1])

    return ask


def values(items):
    return [item.value for item in items]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["lo"], ["login"]),
        (["wo"], ["workspace"]),
        (["workf"], ["workflow"]),
        (["wf", "res"], ["results"]),
        (["wf", "out"], ["outputs"]),
        (["workflow", "vi"], ["view"]),
        (["task", "results", "--wf"], ["--wf-run-id"]),
        (["completion", "z"], ["zsh"]),
    ],
)
def test_commands_aliases_and_options_are_offered(complete, words, offered):
    assert values(complete(*words)) == offered


def test_commands_are_offered_with_their_help(complete):
    (item,) = complete("doct")

    assert item.help.startswith("Check this machine")


def test_aliases_are_not_offered_beside_their_names(complete):
    assert {"wf", "task"} <= set(values(complete("")))
    assert "workflow" not in values(complete(""))


def test_offering_commands_imports_none_of_them(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PRINT_LOADED,
        ],
        env={
            **os.environ,
            "_ORQ_COMPLETE": "bash_complete",
            "COMP_WORDS": "orq ",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert "plain,doctor" in done.stdout.splitlines()
    loaded = done.stderr.split()
    assert "orquestra.cli.login" not in loaded
    assert "orquestra.sdk" not in loaded


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_printed(orq, shell):
    script = orq("completion", shell).stdout

    assert f"_ORQ_COMPLETE={shell}_complete" in script


def test_bash_understands_its_script(orq):
    script = orq("completion", "bash").stdout

    done = subprocess.run(["bash", "--norc", "-n"], input=script, text=True, check=False)

    assert done.returncode == 0


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


class TestInstalling:
    @pytest.mark.parametrize(("shell", "file"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
    def test_a_line_loads_the_script_at_each_start(self, orq, home, shell, file):
        (home / file).write_text("alias ll='ls -l'")

        result = orq("completion", shell, "--install")

        script = home / ".orquestra" / f"completion.{shell}"
        assert f"_ORQ_COMPLETE={shell}_complete" in script.read_text()
        first, line = (home / file).read_text().splitlines()
        assert first == "alias ll='ls -l'"
        assert line.endswith(f'. "{script}"')
        assert result.stdout.splitlines()[:2] == [f"Changed {script}", f"Changed {home / file}"]

    def test_a_second_time_only_the_script_is_renewed(self, orq, home):
        orq("completion", "bash", "--install")
        before = (home / ".bashrc").read_text()

        result = orq("completion", "bash", "--install")

        assert (home / ".bashrc").read_text() == before
        assert ".bashrc" not in result.stdout

    def test_fish_finds_it_by_its_place(self, orq, home):
        orq("completion", "fish", "--install")

        script = home / ".config" / "fish" / "completions" / "orq.fish"
        assert "_ORQ_COMPLETE=fish_complete" in script.read_text()

    def test_bash_completes_after_its_start(self, orq, home):
        orq("completion", "bash", "--install")

        done = subprocess.run(
            ["bash", "--rcfile", str(home / ".bashrc"), "-i", "-c", "complete -p orq"],
            capture_output=True,
            text=True,
            check=False,
        )

        assert "_orq_completion" in done.stdout


def test_a_start_file_of_any_encoding_is_added_to_and_keeps_what_it_has(tmp_path):
    old = b"# caf\xe9\n"
    (tmp_path / ".bashrc").write_bytes(old)

    for _ in range(2):
        install("bash", script="complete", home=tmp_path)

    content = (tmp_path / ".bashrc").read_bytes()
    assert content.startswith(old)
    assert content.count(b"completion.bash") == 1
