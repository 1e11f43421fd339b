import json

import pytest

from orquestra.sdk.examples import exportable_wf, workflow_defs
from orquestra.sdk.schema import ir


@pytest.mark.parametrize(
    ("workflow", "task_names", "n_outputs"),
    [
        (workflow_defs.hello_orquestra, ["hello"] * 3, 3),
        (workflow_defs.hello_workflow, ["do_something_useful"], 1),
        (exportable_wf.my_workflow, ["make_greeting", "multi_output_test"], 1),
    ],
)
def test_an_example_is_a_workflow_of_these_tasks(workflow, task_names, n_outputs):
    definition = workflow().model

    called = [definition.tasks[i.task_id].fn_ref for i in definition.task_invocations.values()]
    assert [function.function_name for function in called] == task_names
    assert len(definition.output_ids) == n_outputs


def test_the_tasks_do_what_they_say(capsys, caplog):
    assert workflow_defs.hello.__wrapped__(1) == "Hello"
    assert workflow_defs.do_something_useful.__wrapped__() == 42
    assert exportable_wf.capitalize.__wrapped__("alex") == "Alex"
    assert exportable_wf.multi_output_test.__wrapped__() == ("hello", "there")
    greet = exportable_wf.make_greeting.__wrapped__
    assert greet("a", "b") == "hello, a b!"
    assert greet("a", "b", "there") == "hello, a b! there"
    assert "Hello" in capsys.readouterr().out
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


def test_the_code_of_the_exportable_one_is_in_a_repository():
    imports = exportable_wf.my_workflow().model.imports.values()

    assert {type(one) for one in imports} >= {ir.GitImport}


def test_the_exportable_one_writes_its_definition(capsys):
    exportable_wf.main()

    assert json.loads(capsys.readouterr().out)["name"] == "my_workflow"
