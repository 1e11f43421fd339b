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


def test_of_several_workflows_one_is_chosen(project, keyboard):
    (project / "flows_two.py").write_text(TWO)
    keyboard.types(keyboard.DOWN, keyboard.ENTER)

    assert find_workflow("flows_two", name=None).__name__ == "other"
    assert find_workflow("flows_two", name="alone").__name__ == "alone"


def test_without_a_terminal_one_of_several_must_be_named(project):
    (project / "flows_two.py").write_text(TWO)

    with pytest.raises(Failure, match="Workflow definition") as caught:
        find_workflow("flows_two", name=None)

    assert caught.value.exit_code == 255
    assert caught.value.details == ["  alone", "  other"]
    assert caught.value.hint == "answer with NAME, the second argument"


def test_an_unknown_name_is_answered_with_the_known_ones(project):
    (project / "flows_three.py").write_text(ONE)

    with pytest.raises(Failure, match="no workflow 'fitt'") as caught:
        find_workflow("flows_three", name="fitt")

    assert (caught.value.exit_code, caught.value.hint) == (255, "it has: alone")


def test_a_module_without_workflows_is_refused(project):
    (project / "flows_none.py").write_text("")

    with pytest.raises(Failure, match="has no workflow") as caught:
        find_workflow("flows_none", name=None)

    assert caught.value.exit_code == 7
