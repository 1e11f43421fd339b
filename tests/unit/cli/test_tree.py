"""What holds for every command; those that are added later are here by themselves."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from orquestra.cli.exit_codes import INTERRUPTED, ExitCode
from orquestra.cli.root import root
from tests.unit.cli.test_root import HEAVY, PRINT_LOADED

WITHOUT_JSON = {
    "completion": "prints a script for a shell",
    "engine serve": "runs until it is stopped, and logs",
    "engine token": "prints a token and nothing else",
    "engine token revoke": "only changes something",
    "engine user add": "only changes something",
    "engine user password": "only changes something",
    "engine user admin": "only changes something",
    "engine user remove": "only changes something",
    "engine workspace add": "only changes something",
    "engine workspace member": "only changes something",
    "engine workspace remove": "only changes something",
    "engine project add": "only changes something",
    "engine project remove": "only changes something",
}


def tree(command: click.Command = root, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from tree(found, *path, name)


def does_something(command: click.Command) -> bool:
    return not isinstance(command, click.Group) or command.invoke_without_command


def options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_every_command_that_shows_something_shows_it_as_json_too():
    without = {
        words
        for words, command in tree()
        if does_something(command) and "--json" not in options(command)
    }

    assert without == WITHOUT_JSON.keys()


GROUPS = [words for words, command in tree() if isinstance(command, click.Group)]


@pytest.mark.parametrize("group", GROUPS)
def test_the_help_of_a_group_imports_nothing_heavy(group):
    done = subprocess.run(
        [sys.executable, "-c", PRINT_LOADED, *group.split(), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Usage: orq" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_the_exit_codes_of_the_documents_are_those_of_the_program():
    document = Path(__file__).resolve().parents[3] / "docs" / "cli.md"
    _, _, section = document.read_text().partition("## Exit codes")

    told = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}

    assert told == {*map(int, ExitCode), INTERRUPTED}
