"""Which variable it is because of which a function cannot be pickled."""

import inspect
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from orquestra.sdk.code.by_value import dumps
from orquestra.sdk.code.code_uses import UsedName, uses_of
from orquestra.sdk.code.task_functions import plain_function


def culprit(fn: Callable[..., Any]) -> str | None:
    """Like "`LOCK`", or "`helper`, which uses `LOCK`"; None where no variable is found."""
    path = _path(fn, module=getattr(fn, "__module__", None), seen=set())
    return ", which uses ".join(f"`{name}`" for name in path) or None


def _path(fn: Any, *, module: str | None, seen: set[int]) -> list[str]:
    """The names that lead to the culprit, through functions of the same module."""
    if not isinstance(fn, FunctionType):
        return []
    seen.add(id(fn))
    for name, value in _variables(fn):
        inner = plain_function(value)
        if id(inner) in seen or _is_fine(inner, module=module):
            continue
        if type(inner) is not FunctionType:
            return [name]
        path = _path(inner, module=module, seen=seen)
        if path:
            return [name, *path]
    return []


def _variables(fn: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function takes along: captured variables, those of its module, and defaults."""
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        yield name, getattr(cell, "cell_contents", None)
    names = (use.parts[0] for use in uses_of(fn.__code__) if isinstance(use, UsedName))
    for name in dict.fromkeys(names):
        yield name, fn.__globals__.get(name)
    for parameter in inspect.signature(fn).parameters.values():
        yield parameter.name, parameter.default


def _is_fine(value: Any, *, module: str | None) -> bool:
    try:
        dumps(value, module=module)
    except Exception:  # noqa: BLE001 - what a user's object raises when pickled can be anything
        return False
    return True
