"""Which modules a program imports, read from its text, its code and its variables.

A name from a text may be that of a function: `from a import b` gives "a" and "a.b".
"""

import ast
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from orquestra.sdk.code.code_uses import ImportedModule, joined_names, uses_of
from orquestra.sdk.tracing.tasks import TaskDef


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
    value = _plain(value)
    kind = type(value)  # not isinstance: an object of the user can raise when it is asked
    if issubclass(kind, ModuleType):
        yield value.__name__
        return
    source = value if issubclass(kind, FunctionType | type) else kind
    if isinstance(source.__module__, str) and source.__module__ != own:
        yield source.__module__


def names_in_functions(variables: Mapping[str, Any]) -> Iterator[str]:
    """What functions import, those of one program without text."""
    for value in list(variables.values()):
        fn = _plain(value)
        if type(fn) is FunctionType and fn.__globals__ is variables:
            yield from names_in_code(fn.__code__)


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


def _plain(value: Any) -> Any:
    return value.__wrapped__ if type(value) is TaskDef else value
