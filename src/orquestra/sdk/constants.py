"""Values known when a workflow is built, as nodes of its graph.

Equal hashable values of one type share a node; what is not hashable shares only with itself.
"""

import itertools
from typing import Any

from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.futures import FutureNotAValueError
from orquestra.sdk.schema import ir, responses
from orquestra.sdk.tasks import TaskDef
from orquestra.sdk.values import serialize, to_wire


class Constants:
    """The constants of one workflow, numbered as they are met.

    A value met again takes a new number and keeps its place, as it does in release 1.1, so there
    are gaps in the numbering.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._ids: dict[Any, ir.ConstantNodeId] = {}
        self._values: dict[Any, tuple[Any, str]] = {}

    def add(self, value: Any, *, used_by: str) -> None:
        """Meet a value; `used_by` says where, for error messages."""
        key = _identity(value)
        self._ids[key] = ir.ConstantNodeId(f"constant-{next(self._numbers)}")
        self._values.setdefault(key, (value, used_by))

    def __contains__(self, value: Any) -> bool:
        return _identity(value) in self._ids

    def id_of(self, value: Any) -> ir.ConstantNodeId:
        """The node of a value that was met."""
        return self._ids[_identity(value)]

    def nodes(self) -> dict[ir.ConstantNodeId, ir.ConstantNodeJSON | ir.ConstantNodePickle]:
        """All nodes, in the order in which their values were first met.

        Raises:
            WorkflowSyntaxError: a value cannot be sent.
        """
        return {
            node_id: _node(node_id, value=value, used_by=used_by)
            for node_id, (value, used_by) in zip(
                self._ids.values(), self._values.values(), strict=True
            )
        }


def _identity(value: Any) -> Any:
    """A key that is equal for values that may share a node: 1, 1.0 and True may not."""
    try:
        hash(value)
    except TypeError:
        return "identity", id(value)
    if isinstance(value, float | complex):
        return type(value), repr(value)  # tells 0.0 and -0.0 apart, and finds NaN again
    if isinstance(value, tuple):
        return type(value), tuple(map(_identity, value))
    if isinstance(value, frozenset):
        return type(value), frozenset(map(_identity, value))
    return type(value), value


def _node(
    node_id: ir.ConstantNodeId, *, value: Any, used_by: str
) -> ir.ConstantNodeJSON | ir.ConstantNodePickle:
    _refuse_tasks(value, used_by=used_by)
    try:
        wire = to_wire(serialize(value))
    except FutureNotAValueError as error:
        raise WorkflowSyntaxError(f"{used_by} is a {type(value).__name__}: {error}") from error
    except Exception as error:  # what a user's object raises when pickled can be anything
        raise WorkflowSyntaxError(
            f"{used_by} is a {type(value).__name__} that cannot be sent: {error}. Create the "
            "value inside a task instead."
        ) from error
    preview = _preview(value)
    if isinstance(wire, responses.JSONResult):
        return ir.ConstantNodeJSON(id=node_id, value=wire.value, value_preview=preview)
    return ir.ConstantNodePickle(id=node_id, chunks=wire.chunks, value_preview=preview)


def _refuse_tasks(value: Any, *, used_by: str) -> None:
    if isinstance(value, TaskDef):
        raise WorkflowSyntaxError(
            f"{used_by} is the task `{value.__name__}` itself, not its result. "
            f"Did you mean to call it, `{value.__name__}(...)`?"
        )
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            _refuse_tasks(item, used_by=used_by)
    elif isinstance(value, dict):
        for item in value.values():
            _refuse_tasks(item, used_by=used_by)


def _preview(value: Any) -> str:
    return repr(value)[: ir.VALUE_PREVIEW_LENGTH]
