"""Values known when a workflow is built, as nodes of its graph.

Equal plain values of one type share a node; any other object shares with itself only, as long as
it has not changed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from orquestra.sdk.articles import with_article
from orquestra.sdk.call_sites import CallSite, located
from orquestra.sdk.exceptions import FutureNotAValueError, WorkflowSyntaxError
from orquestra.sdk.schema import ir, responses
from orquestra.sdk.secret import Secret
from orquestra.sdk.tracing.numbering import Numbering
from orquestra.sdk.tracing.snapshots import (
    MOST_LEVELS,
    Constant,
    SecretNotAValueError,
    fingerprint_of,
    is_deep,
    preview,
    serialized_by_name,
)
from orquestra.sdk.tracing.tasks import TaskDef
from orquestra.sdk.tracing.workflows import WorkflowDef, WorkflowTemplate
from orquestra.sdk.values import SerializedValue, to_wire

_WHAT_TRAVELS = (
    "Give it as an argument of its own, or in a list, a tuple or the values of a dictionary, at "
    "any depth: plain ones, as list(...), tuple(...) and dict(...) make them, that do not contain "
    "themselves. A small task can make of them what you need."
)


@dataclass(frozen=True, kw_only=True)
class Use:
    """Where a constant is used, for error messages; `owner` has it as its `role`.

    `by_value` where that is a task whose own module travels with it.
    """

    role: str
    owner: str
    site: CallSite | None
    by_value: bool = False

    def problem(self, text: str) -> WorkflowSyntaxError:
        """An error about the constant; the text goes on after its place."""
        return WorkflowSyntaxError(located(f"{self.role} {self.owner} {text}", at=self.site))


class Constants:
    """The constants of one workflow, numbered as they are met."""

    def __init__(self) -> None:
        self._numbering = Numbering("constant")
        self._met: dict[Any, tuple[Constant, Use]] = {}

    def add(self, constant: Constant, *, use: Use) -> None:
        """Meet a value."""
        self._numbering.meet(constant.key)
        self._met.setdefault(constant.key, (constant, use))

    def __contains__(self, constant: Constant) -> bool:
        return constant.key in self._numbering

    def id_of(self, constant: Constant) -> ir.ConstantNodeId:
        """The node of a value that was met."""
        return ir.ConstantNodeId(self._numbering[constant.key])

    def nodes(
        self, *, cached: Collection[Constant] = ()
    ) -> dict[ir.ConstantNodeId, ir.ConstantNodeJSON | ir.ConstantNodePickle]:
        """All nodes, in the order in which their values were first met.

        Those in `cached` are given to tasks whose results are used again.

        Raises:
            WorkflowSyntaxError: a value cannot be sent.
        """
        nodes = (
            _node(self.id_of(constant), constant=constant, use=use, is_cached=constant in cached)
            for constant, use in self._met.values()
        )
        return {node.id: node for node in nodes}


def _node(
    node_id: ir.ConstantNodeId, *, constant: Constant, use: Use, is_cached: bool
) -> ir.ConstantNodeJSON | ir.ConstantNodePickle:
    value, kind = constant.value, with_article(type(constant.value).__name__)
    _refuse_what_does_not_travel(value, use=use)
    try:
        serialized = _serialized(constant, by_value=use.by_value)
        wire = to_wire(serialized)
    except Exception as error:  # what a user's object raises when pickled can be anything
        raise use.problem(f"is {kind} that {_reason(value, error)}") from error
    shown = preview(value) if constant.preview is None else constant.preview
    if isinstance(wire, responses.JSONResult):
        return ir.ConstantNodeJSON(id=node_id, value=wire.value, value_preview=shown)
    return ir.ConstantNodePickle(
        id=node_id,
        chunks=wire.chunks,
        value_preview=shown,
        fingerprint=fingerprint_of(constant, serialized=serialized) if is_cached else None,
    )


def _serialized(constant: Constant, *, by_value: bool) -> SerializedValue:
    if by_value and constant.by_value is not None:
        return constant.by_value
    return constant.serialized or serialized_by_name(constant.value)


def _reason(value: Any, error: Exception) -> str:
    """Why a value cannot be sent, and what to do."""
    if is_deep(value):
        return (
            f"is nested too deeply: more than {MOST_LEVELS} containers lie in each other. Make "
            "it flatter, or create it inside a task."
        )
    if isinstance(error, FutureNotAValueError):
        return (
            f"holds the result of task `{error.task_name}`, which is known only at run time. "
            f"{_WHAT_TRAVELS}"
        )
    if isinstance(error, SecretNotAValueError):
        return f"holds the secret {error.name!r}. {_WHAT_TRAVELS}"
    return f"cannot be sent: {error}. Create the value inside a task instead."


def _refuse_what_does_not_travel(value: Any, *, use: Use) -> None:
    """Tasks and workflows that somebody forgot to call, at any depth of plain containers."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, Secret):  # pickling refuses secrets
            continue
        if isinstance(item, TaskDef):
            raise use.problem(
                f"is the task `{item.__name__}` itself, not its result. "
                f"Did you mean to call it, `{item.__name__}(...)`?"
            )
        if isinstance(item, WorkflowDef | WorkflowTemplate):
            raise use.problem(
                "is a workflow. A workflow cannot be part of another one: make a plain function "
                "of it that calls the tasks, and call that function here."
            )
        if isinstance(item, dict):
            seen.add(id(item))
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            seen.add(id(item))
            waiting += item
