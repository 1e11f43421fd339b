"""Calls in a workflow function that run at once, while the workflow is built, and not as tasks.

Such a call is often a function whose decorator was forgotten. What is called is guessed from the
source: global names and attributes of modules and classes are looked up, everything else is left
alone, and so are arguments of other calls, where values are made on purpose.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.exceptions import NotATaskWarning
from orquestra.sdk.tracing.function_trees import function_tree
from orquestra.sdk.tracing.tasks import TaskDef

_SDK = "orquestra.sdk"
_TREES_KEPT = 256

_Path = tuple[str, ...]
"""A name and attributes of it: `np.random.random` is `("np", "random", "random")`."""


def warn_of_calls_that_are_no_tasks(fn: FunctionType) -> None:
    """Warn once, of all such calls in a workflow function."""
    names = [".".join(path) for path in _called(fn.__code__) if _is_no_task(path, fn)]
    if names:
        warn_user(
            f"Workflow `{fn.__name__}` calls what is no task: {', '.join(names)}. Such calls run "
            "here, while the workflow is being built, and their results become constants. If that "
            "is not what you want, decorate the function with `@sdk.task`.",
            NotATaskWarning,
        )


@lru_cache(maxsize=_TREES_KEPT)
def _called(code: CodeType) -> tuple[_Path, ...]:
    tree = function_tree(code)
    if tree is None:
        return ()
    own = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
    paths = map(_path, _outer_calls(tree))
    return tuple(path for path in paths if path is not None and path[0] not in own)


def _outer_calls(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """The first call of each chain of calls, in the order of the source."""
    waiting: list[ast.AST] = [*reversed(function.body)]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.Call):
            waiting += reversed([*ast.iter_child_nodes(node)])
        elif (earlier := _earlier_call(node)) is not None:
            waiting.append(earlier)
        else:
            yield node


def _earlier_call(call: ast.Call) -> ast.Call | None:
    """In `a().b()` the call of `a`; None if that is the one."""
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node if isinstance(node, ast.Call) else None


def _path(call: ast.Call) -> _Path | None:
    node: ast.expr = call.func
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else None


def _is_no_task(path: _Path, fn: FunctionType) -> bool:
    name, *attributes = path
    called = fn.__globals__.get(name)
    for attribute in attributes:
        # Attributes of other objects may be any code, and their methods are called on purpose.
        is_static = isinstance(called, ModuleType | type)
        called = getattr(called, attribute, None) if is_static else None
    return called is not None and not isinstance(called, TaskDef) and not _is_of_sdk(called)


def _is_of_sdk(called: Any) -> bool:
    module = getattr(called, "__module__", None)
    return isinstance(module, str) and f"{module}.".startswith(f"{_SDK}.")
