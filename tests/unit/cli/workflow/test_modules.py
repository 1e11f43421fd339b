import sys

import pytest

from orquestra.cli.failures import Failure
from orquestra.cli.workflow.modules import dotted_name, find_workflow

ONE = """
from orquestra import sdk

@sdk.task
def one():
    return 1

@sdk.workflow
def alone():
    return one()
"""

TWO = f"""{ONE}
@sdk.workflow
def other():
    return one()
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder of a user, which is the current one; what is imported there is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("lab.flows", "lab.flows"),
        ("flows.py", "flows"),
        ("lab/flows.py", "lab.flows"),
        ("./lab/flows.py", "lab.flows"),
        ("src/lab/flows.py", "lab.flows"),
    ],
)
def test_a_module_is_named_by_dots_or_by_its_path(module, name):
    assert dotted_name(module) == name


def test_an_absolute_path_below_the_current_folder_is_a_module_of_it(project):
    assert dotted_name(str(project / "lab" / "flows.py")) == "lab.flows"


def test_the_only_workflow_needs_no_name(project):
    (project / "flows_one.py").write_text(ONE)

    assert find_workflow("flows_one.py", name=None).__name__ == "alone"


def test_of_several_workflows_one_must_be_named(project):
    (project / "flows_two.py").write_text(TWO)

    with pytest.raises(Failure, match="several workflows: alone, other") as caught:
        find_workflow("flows_two", name=None)

    assert caught.value.exit_code == 7
    assert find_workflow("flows_two", name="other").__name__ == "other"


def test_an_unknown_name_is_answered_with_the_known_ones(project):
    (project / "flows_three.py").write_text(ONE)

    with pytest.raises(Failure, match="no workflow 'fitt'") as caught:
        find_workflow("flows_three", name="fitt")

    assert caught.value.hint == "it has: alone"


def test_a_module_without_workflows_is_refused(project):
    (project / "flows_none.py").write_text("")

    with pytest.raises(Failure, match="has no workflow"):
        find_workflow("flows_none", name=None)


def test_an_import_that_fails_says_where_in_the_users_file(project):
    (project / "flows_broken.py").write_text("\nimport not_installed_anywhere\n")

    with pytest.raises(Failure, match="not_installed_anywhere") as caught:
        find_workflow("flows_broken", name=None)

    assert caught.value.exit_code == 7
    assert caught.value.details == [f"  at {project}/flows_broken.py:2 in <module>"]


def test_a_submitted_workflow_prints_its_run_id_and_the_engines_warnings(
    project, logged_in, engine
):
    (project / "flows_sent.py").write_text(ONE)
    engine.answer("/api/workflow-definitions", {"id": "def-1"})
    engine.answer_run()
    engine.answer("/api/workflow-runs", {"id": "fit-aB3xZ-r000"})

    result = logged_in("wf", "submit", "flows_sent.py")

    assert result.stdout == "Workflow Submitted! Run ID: fit-aB3xZ-r000\n"
    assert result.stderr == "warning: the ENTRYPOINT of the image is ignored\n"
