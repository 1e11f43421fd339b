import pytest


@pytest.mark.parametrize("command", [["list"], ["view", "run-1"]])
def test_runs_of_a_program_are_no_business_of_the_command_line(orq, command):
    result = orq("wf", *command, "-c", "in_process")

    assert result.exit_code == 2
    assert "Use `-c local`" in result.stderr
