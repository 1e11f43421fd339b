"""The source of a function, as a tree of syntax."""

import ast
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any


def function_tree(
    fn: Callable[..., Any] | CodeType,
) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """A function's `def` statement; None for lambdas, classes, and where no source is found."""
    try:
        source = inspect.getsource(fn)
        # An indented function stays as it is, inside a block: dedenting would break texts in it.
        tree = ast.parse(f"if True:\n{source}" if source[:1].isspace() else source)
    except (OSError, TypeError, SyntaxError):  # no source, a builtin, a piece of a lambda
        return None
    statement = tree.body[0]
    if isinstance(statement, ast.If):
        statement = statement.body[0]
    return statement if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) else None
