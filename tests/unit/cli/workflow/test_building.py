"""Workflows that are wrong are answered with what the user can change."""

import pytest

FLOWS = """
from orquestra import sdk

@sdk.task
def one():
    return 1

@sdk.workflow
def divides():
    return one(1 / 0)

@sdk.workflow
def ends():
    raise SystemExit

@sdk.workflow
def unpacks():
    a, b = one()
    return a

@sdk.workflow
def branches():
    if one():
        return one()

"""


@pytest.fixture
def submit(project, logged_in, engine):
    (project / "flows.py").write_text(FLOWS)
    engine.answer_places(ada=["default"])
    return lambda name: logged_in("wf", "submit", "flows.py", name)


def test_an_error_of_the_workflow_function_comes_with_the_users_own_lines(submit, project):
    result = submit("divides")

    assert result.exit_code == 8
    assert result.stderr.splitlines() == [
        "error: workflow `divides` failed while being built: ZeroDivisionError: division by zero",
        f"  at {project}/flows.py:10 in divides",
    ]


def test_a_workflow_function_that_ends_the_program_is_no_submission(submit, project):
    result = submit("ends")

    assert result.exit_code == 8
    assert "`ends` failed while being built: SystemExit" in result.stderr
    assert f"  at {project}/flows.py:14 in ends" in result.stderr
    assert 'if __name__ == "__main__":' in result.stderr


def test_unpacking_a_task_with_one_output_is_not_a_defect_of_orquestra(submit, project):
    result = submit("unpacks")

    assert result.exit_code == 8
    assert "n_outputs" in result.stderr
    assert "defect" not in result.stderr
    assert f"{project}/flows.py:18: a, b = one()" in result.stderr


def test_what_the_sdk_refuses_is_told_in_its_own_words(submit):
    result = submit("branches")

    assert result.exit_code == 8
    assert "used as a condition" in result.stderr
    assert "failed while being built" not in result.stderr
