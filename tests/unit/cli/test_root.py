import subprocess
import sys

import pytest

HEAVY = {"alembic", "fastapi", "httpx", "pydantic", "ray", "rich", "sqlalchemy"}

PRINT_LOADED = """
import sys
from orquestra.cli import main
try:
    main()
except SystemExit:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["wf", "--help"], ["wf", "view", "--help"]])
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


def test_every_declared_command_can_be_loaded(orq):
    from orquestra.cli.root import root

    def load_all(group):
        for name in group.list_commands(None):
            command = group.get_command(None, name)
            assert command.help
            if hasattr(command, "list_commands"):
                load_all(command)

    load_all(root)


def test_an_unknown_command_is_a_usage_error(orq):
    result = orq("wf", "veiw")

    assert result.exit_code == 2
    assert "No such command 'veiw'" in result.stderr


def test_the_version_names_the_sdk(orq):
    assert orq("-V").stdout.startswith("Orquestra Workflow SDK, version ")
