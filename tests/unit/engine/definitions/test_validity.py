from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.engine.definitions.validity import check_definition
from orquestra.engine.errors import InvalidDefinition
from orquestra.sdk.schema import ir


def chain(*arguments: list[str]) -> dict[str, Any]:
    """Invocations `i0`, `i1`, ... with these arguments; `i0` produces `a0`, and so on."""
    numbers = range(len(arguments))
    return {
        "name": "demo",
        "fn_ref": {"type": "MODULE_FUNCTION_REF", "module": "m", "function_name": "demo"},
        "imports": {"inline": {"type": "INLINE_IMPORT", "id": "inline"}},
        "tasks": {
            "task": {
                "id": "task",
                "fn_ref": {"type": "MODULE_FUNCTION_REF", "module": "m", "function_name": "f"},
                "source_import_id": "inline",
            }
        },
        "artifact_nodes": {f"a{number}": {"id": f"a{number}"} for number in numbers},
        "constant_nodes": {
            "c": {
                "id": "c",
                "serialization_format": "JSON",
                "value": "1",
                "value_preview": "1",
            }
        },
        "task_invocations": {
            f"i{number}": {
                "id": f"i{number}",
                "task_id": "task",
                "args_ids": arguments[number],
                "kwargs_ids": {},
                "output_ids": [f"a{number}"],
            }
            for number in numbers
        },
        "output_ids": [f"a{number}" for number in numbers],
    }


def check(document: dict[str, Any]) -> None:
    check_definition(ir.WorkflowDef.model_validate(document))


@given(st.data())
def test_any_graph_without_a_cycle_is_valid(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 8))
    arguments = [
        data.draw(st.lists(st.sampled_from(["c", *(f"a{earlier}" for earlier in range(number))])))
        for number in range(size)
    ]

    check(chain(*arguments))


def test_a_long_chain_is_valid() -> None:
    check(chain([], *([f"a{number}"] for number in range(3000))))


def test_a_cycle_is_refused_with_its_members() -> None:
    with pytest.raises(InvalidDefinition, match="tasks wait for each other") as refusal:
        check(chain(["a2"], ["a0"], ["a1"]))

    assert all(name in str(refusal.value) for name in ("i0", "i1", "i2"))


def test_a_workflow_that_returns_a_secret_is_refused() -> None:
    document = chain(["s"])
    document["secret_nodes"] = {"s": {"id": "s", "secret_name": "db-password"}}
    check(document)
    document["output_ids"].append("s")

    with pytest.raises(InvalidDefinition, match=r"'db-password'.*never leaves the server"):
        check(document)


def test_a_workflow_without_tasks_is_refused() -> None:
    with pytest.raises(InvalidDefinition, match="calls no task"):
        check(chain())


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("task_invocations", "i1", "args_ids"), ["nobody"], "'i1' needs the value 'nobody'"),
        (("task_invocations", "i1", "kwargs_ids"), {"x": "nobody"}, "needs the value 'nobody'"),
        (("output_ids",), ["nobody"], "the workflow's result needs the value 'nobody'"),
        (("task_invocations", "i1", "task_id"), "other", "calls the task 'other'"),
        (("task_invocations", "i1", "output_ids"), ["a9"], "produces 'a9', which is not there"),
        (("task_invocations", "i1", "output_ids"), ["a0"], "'a0' is produced twice"),
        (("tasks", "task", "source_import_id"), "git", "needs the import 'git'"),
        (("tasks", "task", "dependency_import_ids"), ["pip"], "needs the import 'pip'"),
        (("tasks", "task", "id"), "renamed", "'renamed' is filed as 'task'"),
    ],
)
def test_an_id_that_leads_nowhere_is_refused(
    path: tuple[str, ...], value: object, problem: str
) -> None:
    document = chain([], ["a0"])
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    with pytest.raises(InvalidDefinition, match=problem):
        check(document)
