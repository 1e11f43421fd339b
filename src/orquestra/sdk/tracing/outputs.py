"""How many outputs a task has: as its author said, or as its `return` statements show."""

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.tracing.function_trees import function_tree


class OutputShape(NamedTuple):
    """Whether a task's result can be indexed and unpacked, and into how many values."""

    is_subscriptable: bool
    n_outputs: int


ONE_VALUE = OutputShape(is_subscriptable=False, n_outputs=1)


def output_shape(fn: Callable[..., Any], *, n_outputs: int | None) -> OutputShape:
    """The shape of a function's result; `n_outputs` is what its author said, if anything.

    Raises:
        TypeError: `n_outputs` is not a number.
        ValueError: `n_outputs` is less than 1.
    """
    if n_outputs is None:
        return _inferred(fn)
    if isinstance(n_outputs, bool) or not isinstance(n_outputs, int):
        raise TypeError(f"n_outputs must be a whole number, not {n_outputs!r}")
    if n_outputs < 1:
        raise ValueError(f"n_outputs must be at least 1, not {n_outputs}")
    return OutputShape(is_subscriptable=True, n_outputs=n_outputs)


def _inferred(fn: Callable[..., Any]) -> OutputShape:
    shapes = {_shape_of(statement.value) for statement in _returns(function_tree(fn))}
    if len(shapes) > 1:
        counts = sorted(shape.n_outputs for shape in shapes)
        warn_user(
            f"The return statements of task `{fn.__name__}` give different numbers of values "
            f"({', '.join(map(str, counts))}), so its result counts as one value. "
            "Say n_outputs=... in the decorator to unpack it."
        )
        return ONE_VALUE
    return shapes.pop() if shapes else ONE_VALUE


def _shape_of(value: ast.expr | None) -> OutputShape:
    if not isinstance(value, ast.Tuple | ast.List) or not value.elts:
        return ONE_VALUE
    if any(isinstance(element, ast.Starred) for element in value.elts):
        return ONE_VALUE
    return OutputShape(is_subscriptable=True, n_outputs=len(value.elts))


def _returns(function: ast.AST | None) -> Iterator[ast.Return]:
    """The function's own return statements, not those of functions inside it."""
    waiting = list(ast.iter_child_nodes(function)) if function else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))
