"""Works as workflows of our SDK."""

from collections.abc import Callable
from functools import cache
from typing import Any

from benchmarks.works import Call
from orquestra import sdk


def trace(graph: Callable[[Call], Any]) -> sdk.WorkflowDef:
    """A graph as a workflow, not yet traced; its `model` is."""

    @cache
    def task(function: Callable[..., Any]) -> Callable[..., Any]:
        return sdk.task(function)

    @sdk.workflow
    def work() -> Any:
        return graph(lambda function, *arguments: task(function)(*arguments))

    return work()
