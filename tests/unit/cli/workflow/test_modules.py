import pytest

from orquestra.cli.failures import Failure
from orquestra.cli.workflow.modules import find_workflow

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
