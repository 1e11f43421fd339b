"""The table of programs, executed in process."""

import pytest

from tests.programs import PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_gives_what_plain_python_would(program):
    if not program.can_run():
        pytest.skip(f"{program.needs} is not installed here")

    assert program.workflow().run("in_process").get_results() == program.gives
