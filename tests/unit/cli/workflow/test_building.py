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
def unpacks():
    a, b = one()
    return a

@sdk.workflow
def branches():
    if one():
        return one()

@sdk.workflow
def param(alpha):
    return one()

@sdk.workflow
def default(alpha=0.1):
    return one()
"""


@pytest.fixture
def submit(project, logged_in):
    (project / "flows.py").write_text(FLOWS)
    return lambda name: logged_in("wf", "submit", "flows.py", name)


def test_an_error_of_the_workflow_function_comes_with_the_users_own_lines(submit, project):
    result = submit("divides")

    assert result.exit_code == 8
    assert result.stderr.splitlines() == [
        "error: workflow `divides` failed while being built: ZeroDivisionError: division by zero",
        f"  at {project}/flows.py:10 in divides",
    ]


def test_unpacking_a_task_with_one_output_is_not_a_defect_of_orquestra(submit, project):
    result = submit("unpacks")

    assert result.exit_code == 8
    assert "n_outputs" in result.stderr
    assert "defect" not in result.stderr
    assert f"{project}/flows.py:14: a, b = one()" in result.stderr


def test_what_the_sdk_refuses_is_told_in_its_own_words(submit):
    result = submit("branches")

    assert result.exit_code == 8
    assert "used as a condition" in result.stderr
    assert "failed while being built" not in result.stderr


def test_a_workflow_with_parameters_is_answered_with_the_way_out(submit, engine):
    result = submit("param")

    assert result.exit_code == 8
    assert "workflow `param` has parameters (alpha)" in result.stderr
    assert "hint: move its body to a plain function" in result.stderr
    assert "`param(...).run(" in result.stderr
    assert engine.calls == []


def test_a_workflow_whose_parameters_have_defaults_runs_with_them(submit, engine):
    engine.answer("/api/workflow-definitions", {"id": "def-1"})
    engine.answer_run()
    engine.answer("/api/workflow-runs", {"id": "fit-aB3xZ-r000"})

    assert submit("default").exit_code == 0
