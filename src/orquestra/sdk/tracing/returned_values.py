"""What a workflow function returned, as the outputs of its workflow."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from orquestra.sdk.articles import with_article
from orquestra.sdk.call_sites import CallSite, located
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.secret import Secret
from orquestra.sdk.tracing.futures import ArtifactFuture
from orquestra.sdk.tracing.snapshots import Collection, Input, as_inputs
from orquestra.sdk.tracing.tasks import TaskDef
from orquestra.sdk.tracing.workflows import WorkflowDef, WorkflowTemplate

_LIST_THEM = "Return a list or a tuple of task results"


def outputs_of(returned: Any, *, workflow: str, site: CallSite | None) -> list[Input]:
    """One output for each element of a sequence, which is read once; a text is one value.

    Raises:
        WorkflowSyntaxError: no task result is among them, so there would be nothing to run, or
            one of them is inside of something else.
    """
    if isinstance(returned, ArtifactFuture):
        return [returned]
    values = None
    if isinstance(returned, Sequence) and not isinstance(returned, str | bytes | Secret):
        values = list(returned)
        outputs = list(as_inputs(values))
        _refuse_collections(outputs, workflow=workflow, site=site)
        if any(isinstance(output, ArtifactFuture) for output in outputs):
            return outputs
    problem = _problem(returned, outputs=values)
    raise WorkflowSyntaxError(located(f"Workflow `{workflow}` {problem}", at=site))


def _refuse_collections(outputs: list[Input], *, workflow: str, site: CallSite | None) -> None:
    for number, output in enumerate(outputs, start=1):
        if isinstance(output, Collection):
            kind = with_article(output.kind.__name__)
            problem = (
                f"Output {number} of workflow `{workflow}` is {kind} that holds results of "
                "tasks or secrets. Return them side by side in one list, or let a task put them "
                f"together: pass {kind} of them to it."
            )
            raise WorkflowSyntaxError(located(problem, at=site))


def _problem(returned: Any, *, outputs: list[Any] | None) -> str:
    if returned is None:
        return "returns nothing. Does it lack a `return`? Return what its tasks return."
    forgotten = _forgotten_call(returned) or next(
        filter(None, map(_forgotten_call, outputs or ())), ""
    )
    if forgotten:
        return forgotten
    kind = with_article(type(returned).__name__)
    if isinstance(returned, Mapping | AbstractSet):
        return f"returns {kind}. {_LIST_THEM}; a task can put them into {kind}."
    if isinstance(returned, Iterator):
        return f"returns {kind}, which is used up when it is read. {_LIST_THEM}: list(...)."
    if outputs is not None:
        return f"returns {kind} without any task result, so there is nothing to run. {_LIST_THEM}."
    return f"returns {kind}, which is no task result, so there is nothing to run. {_LIST_THEM}."


def _forgotten_call(value: Any) -> str:
    if isinstance(value, TaskDef):
        name = value.__name__
        return f"returns the task `{name}` itself, not its result. Did you mean `{name}(...)`?"
    if isinstance(value, WorkflowDef | WorkflowTemplate):
        return (
            "returns another workflow. A workflow cannot be part of another one: make a plain "
            "function of it that calls the tasks, and call that function here."
        )
    return ""
