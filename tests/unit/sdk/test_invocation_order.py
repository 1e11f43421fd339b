"""The order in which tasks can run."""

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import InvalidWorkflowDefinitionError
from orquestra.sdk.invocation_order import in_order


@sdk.task
def named(name, *_needs):
    return name


@sdk.workflow
def wf():
    first = named("first")
    second = named("second", [first, {"deep": first}])
    return named("a", second), named("b", first)


def names(definition):
    ordered = [definition.task_invocations[i] for i in in_order(definition)]
    return [definition.constant_nodes[i.args_ids[0]].value_preview.strip("'") for i in ordered]


def test_tasks_come_after_what_they_need_also_inside_of_collections():
    order = names(wf().model)

    assert order.index("first") < order.index("second") < order.index("a")
    assert order.index("first") < order.index("b")


def test_tasks_that_need_nothing_come_as_the_program_wrote_them():
    independent = sdk.workflow(lambda: [named("x"), named("y"), named("z")])

    assert names(independent().model) == ["x", "y", "z"]


def test_invocations_that_wait_for_each_other_are_told():
    definition = sdk.workflow(lambda: named("x", named("y")))().model
    outer, inner = definition.task_invocations.values()
    loop = inner.model_copy(update={"args_ids": [outer.output_ids[-1]]})
    broken = definition.model_copy(update={"task_invocations": {outer.id: outer, inner.id: loop}})

    with pytest.raises(InvalidWorkflowDefinitionError, match="wait for each other"):
        in_order(broken)
