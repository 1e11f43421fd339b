"""What a workflow function returned, as the outputs of its workflow."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from orquestra.sdk.call_sites import CallSite, located
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.futures import ArtifactFuture
from orquestra.sdk.tasks import TaskDef
from orquestra.sdk.workflows import WorkflowDef, WorkflowTemplate

_LIST_THEM = "Return a list or a tuple of task results"


def outputs_of(returned: Any, *, workflow: str, site: CallSite | None) -> list[Any]:
    """One output for each element of a sequence, which is read once; a text is one value.

    Raises:
        WorkflowSyntaxError: no task result is among them, so there would be nothing to run.
    """
    if isinstance(returned, ArtifactFuture):
        return [returned]
    outputs = None
    if isinstance(returned, Sequence) and not isinstance(returned, str | bytes):
        outputs = list(returned)
        if any(isinstance(output, ArtifactFuture) for output in outputs):
            return outputs
    problem = _problem(returned, outputs=outputs)
    raise WorkflowSyntaxError(located(f"Workflow `{workflow}` {problem}", at=site))


def _problem(returned: Any, *, outputs: list[Any] | None) -> str:
    if returned is None:
        return "returns nothing. Does it lack a `return`? Return what its tasks return."
    forgotten = _forgotten_call(returned) or next(
        filter(None, map(_forgotten_call, outputs or ())), ""
    )
    if forgotten:
        return forgotten
    kind = _with_article(type(returned).__name__)
    if isinstance(returned, Mapping | AbstractSet):
        return f"returns {kind}. {_LIST_THEM}; a task can put them into {kind}."
    if isinstance(returned, Iterator):
        return f"returns {kind}, which is used up when it is read. {_LIST_THEM}: list(...)."
    if outputs is not None:
        return f"returns {kind} without any task result, so there is nothing to run. {_LIST_THEM}."
    return f"returns {kind}, which is no task result, so there is nothing to run. {_LIST_THEM}."


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


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
