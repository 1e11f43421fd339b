"""Which modules a program imports, read from its text, its code and its variables.

A name from a text may be that of a function: `from a import b` gives "a" and "a.b".
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

from orquestra.sdk.code.code_uses import ImportedModule, joined_names, uses_of
from orquestra.sdk.code.task_functions import plain_function

_WITHOUT_CODE = frozenset({type(None), bool, int, float, complex, str, bytes})


def names_in_text(text: str, *, package: str) -> frozenset[str]:
    """What a module imports anywhere in its text; it is in `package`, "" for in none.

    What is not Python imports nothing.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(
        name
        for node in ast.walk(tree)
        for imported in _imported(node)
        for name in absolute_names(imported, package=package)
    )


def names_in_code(code: CodeType, *, package: str = "") -> Iterator[str]:
    """What a function imports when it runs, for one without text."""
    for use in uses_of(code):
        if isinstance(use, ImportedModule):
            yield from absolute_names(use, package=package)


def names_in_globals(variables: Mapping[str, Any]) -> Iterator[str]:
    """The modules that a module's variables are, or that their values come from."""
    for value in list(variables.values()):
        yield from names_of_value(value, own=variables.get("__name__"))


def names_of_value(value: Any, *, own: str | None) -> Iterator[str]:
    """The module that a value is, or in which it or its class is written; not `own`."""
    value = plain_function(value)
    kind = type(value)  # not isinstance: an object of the user can raise when it is asked
    if issubclass(kind, ModuleType):
        yield value.__name__
        return
    source = value if issubclass(kind, FunctionType | type) else kind
    if isinstance(source.__module__, str) and source.__module__ != own:
        yield source.__module__


def names_in_functions(variables: Mapping[str, Any]) -> Iterator[str]:
    """What functions import, those of one program without text: methods and helpers as well."""
    seen: set[int] = set()
    waiting = [*variables.values()]
    while waiting:
        value = plain_function(waiting.pop())
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is FunctionType and value.__globals__ is variables:
            yield from names_in_code(value.__code__)
        waiting += _parts(value, variables=variables)


def absolute_names(imported: ImportedModule, *, package: str) -> Iterator[str]:
    """The full name of a module that a module of a package imports; none where it has none."""
    if imported.dots == 0:
        yield imported.name
    elif package:
        parts = package.split(".")
        base = parts[: len(parts) - imported.dots + 1]
        yield ".".join([*base, imported.name] if imported.name else base)


def top_level(name: str) -> str:
    """The first part of a module's dotted name."""
    return name.partition(".")[0]


def _imported(node: ast.AST) -> Iterator[ImportedModule]:
    if isinstance(node, ast.Import):
        yield from (ImportedModule(alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module, names = node.module or "", (alias.name for alias in node.names)
        for name in (module, *joined_names(module, names)):
            yield ImportedModule(name, node.level)


def _parts(value: Any, *, variables: Mapping[str, Any]) -> list[Any]:
    """Where functions of the same program may be: in containers, classes and closures."""
    kind = type(value)
    parts: Iterable[Any] = ()
    if kind in (list, tuple, set, frozenset):
        parts = value
    elif kind is dict:
        parts = value.values()
    elif kind is FunctionType and value.__globals__ is variables:
        parts = [getattr(cell, "cell_contents", None) for cell in value.__closure__ or ()]
    elif issubclass(kind, type) and value.__module__ == variables.get("__name__"):
        parts = vars(value).values()
    elif kind in (staticmethod, classmethod):
        parts = [value.__func__]
    elif kind is property:
        parts = [value.fget, value.fset, value.fdel]
    elif kind is partial:
        parts = [value.func]
    return [part for part in parts if type(part) not in _WITHOUT_CODE]
