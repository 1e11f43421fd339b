"""Fingerprints of functions: equal as long as a function does the same. And of values.

A fingerprint covers the function's code, its defaults, attributes and captured values, and what it
uses of local code by name: functions, classes, modules and values, and what those use. Code counts
as it was compiled, and a class as it is now, so comments, formatting and places do not matter;
docstrings of functions do. What is installed counts by its name, where that leads to it. Nothing
depends on the process: not on hash seeds, addresses or import order.
"""

import ast
import builtins
import copyreg
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from types import CodeType, FunctionType, MappingProxyType, ModuleType
from typing import Any

from orquestra.sdk.call_sites import definition_site, located
from orquestra.sdk.code.code_uses import ImportedModule, UsedName, uses_of
from orquestra.sdk.code.homes import home_of
from orquestra.sdk.code.imported_names import absolute_names
from orquestra.sdk.code.local_modules import LocalModules
from orquestra.sdk.code.task_functions import plain_function
from orquestra.sdk.exceptions import WorkflowSyntaxError

_REDUCE_PROTOCOL = 4
_TOLD_BY_TEXT = frozenset({type(None), bool, int, float, complex, str, type(...)})
_MISSING = object()

_NOT_OF_A_CLASS = frozenset(
    {
        *("__dict__", "__weakref__", "__doc__", "__module__", "_abc_impl"),
        *("__firstlineno__", "__static_attributes__"),
        *("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__"),
    }
)
"""What Python, `abc` and Pydantic make of the rest; it tells of addresses or places."""
_TOLD_BY_ATTRIBUTES = {
    ("pydantic._internal._decorators", "Decorator"): ("cls_var_name", "info"),
}
"""Types that have addresses in their other attributes."""


def fingerprint(fn: Callable[..., Any]) -> str:
    """A digest of what a function does, in hexadecimal digits.

    Raises:
        WorkflowSyntaxError: it uses a value of which nothing lasting can be told, like a lock.
    """
    try:
        return _Reader(_Place(fn)).fingerprint(fn)
    except WorkflowSyntaxError as error:  # a local module cannot be read
        raise WorkflowSyntaxError(located(str(error), at=definition_site(fn))) from error
    except (_Unreadable, RecursionError) as error:
        culprit = error if isinstance(error, _Unreadable) else "values that are nested too deeply"
        problem = (
            f"The results of task `{getattr(fn, '__name__', fn)}` cannot be cached, because its "
            f"code uses {culprit}. Make that inside the task, or leave cache=... out."
        )
        raise WorkflowSyntaxError(located(problem, at=definition_site(fn))) from error


def value_fingerprint(value: Any, fn: Callable[..., Any]) -> str | None:
    """A digest of a value and the code in it; what a function finds local is local for it too.

    None where nothing lasting can be told, as of a lock.
    """
    try:
        return _Reader(_Place(fn)).fingerprint(value)
    except Exception:  # noqa: BLE001 - an object of the user can raise anything
        return None


class _Unreadable(Exception):
    """A value of which nothing lasting can be told; the text says what it is."""


class _Place:
    """Which code is local, as seen from a function."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        home = home_of(fn)
        self._own = {home.module, getattr(fn, "__module__", None), "__main__", None}
        self.modules = LocalModules(home.root)

    def has(self, module: str | None) -> bool:
        return module in self._own or self.modules.has(str(module))


class _Reader:
    """Makes tokens: digests that are equal, in every process, for what is the same.

    Local functions and classes may use each other in circles, and in long chains. Their tokens are
    their numbers, in the order in which they are met, and each is described once.
    """

    def __init__(self, place: _Place, *, around: dict[int, int] | None = None) -> None:
        self._place = place
        self._numbers: dict[int, int] = {}
        self._met: list[Any] = []
        self._tokens: dict[int, str] = {}
        self._kept: list[Any] = []
        self._open = {} if around is None else around

    def fingerprint(self, value: Any) -> str:
        """The digest of a value and of all local code that it leads to."""
        tokens = [self.token(value)]
        for code in self._met:  # describing it finds more
            is_class = issubclass(type(code), type)
            tokens.append(self._class(code) if is_class else self._function(code))
        return _digest(*tokens)

    def token(self, value: Any) -> str:
        """The digest of a value. One that is part of itself is told by its depth there."""
        if type(value) in _TOLD_BY_TEXT:
            return _digest(type(value).__name__, repr(value))
        value = plain_function(value)
        key = id(value)
        if key in self._open:
            return _digest("part of itself", str(self._open[key]))
        if key not in self._tokens:
            self._kept.append(value)  # or its id could become that of another value
            self._open[key] = len(self._open)
            self._tokens[key] = self._describe(value)
            del self._open[key]
        return self._tokens[key]

    def unordered(self, values: Iterable[Any]) -> list[str]:
        """The digests of values in no order: none tells in which one something was met first."""
        return sorted(
            _Reader(self._place, around=self._open).fingerprint(value) for value in values
        )

    def _describe(self, value: Any) -> str:
        kind = type(value)  # not isinstance: an object of the user can raise when it is asked
        if kind in _CONTAINERS:
            return _digest(kind.__name__, *_CONTAINERS[kind](self, value))
        if issubclass(kind, ModuleType):
            return self._module(value)
        if not issubclass(kind, FunctionType | type):
            return self._object(value)
        if not self._place.has(value.__module__) and _is_named(value):
            return _digest("installed", value.__module__, value.__qualname__)
        number = self._numbers.setdefault(id(value), len(self._met))
        if number == len(self._met):
            self._met.append(value)
        return _digest("code", str(number))

    def _function(self, fn: FunctionType) -> str:
        cells = zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True)
        captured = {name: getattr(cell, "cell_contents", _MISSING) for name, cell in cells}
        parts = map(self.token, (fn.__code__, fn.__defaults__, fn.__kwdefaults__))
        named = (
            self._named(name, value) for name, value in (*captured.items(), *fn.__dict__.items())
        )
        uses = self._uses(fn.__code__, variables=fn.__globals__)
        return _digest("function", *parts, *named, *uses)

    def _class(self, cls: type) -> str:
        members = (
            self._named(name, member)
            for name, member in vars(cls).items()
            if name not in _NOT_OF_A_CLASS
        )
        return _digest(
            "class", cls.__name__, *map(self.token, (type(cls), *cls.__bases__)), *members
        )

    def _module(self, module: ModuleType) -> str:
        if not self._place.modules.has(module.__name__):
            return _digest("module", module.__name__)
        return self._whole(module.__name__)

    def _whole(self, module: str) -> str:
        """A local module with all that it imports: which part of them matters is not known."""
        texts = self._place.modules.texts([module])
        return _digest("files", *(f"{path} {_normal(text)}" for path, text in texts.items()))

    def _code(self, code: CodeType) -> str:
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        told = (code.co_code, code.co_exceptiontable, shape, names)
        return _digest(*map(repr, told), *map(self.token, code.co_consts))

    def _uses(self, code: CodeType, *, variables: Mapping[str, Any]) -> Iterator[str]:
        """What code uses by name, as far as it is local code that does."""
        if not self._place.has(variables.get("__name__")):
            return
        for use in dict.fromkeys(uses_of(code)):
            if isinstance(use, ImportedModule):
                names = absolute_names(use, package=variables.get("__package__") or "")
                yield from (_digest("import", self._whole(name)) for name in names)
            else:
                yield self._value_of(use, variables=variables)

    def _value_of(self, use: UsedName, *, variables: Mapping[str, Any]) -> str:
        """A used variable; of a local module only the attribute that is asked of it."""
        name, *attributes = use.parts
        value = variables.get(name, getattr(builtins, name, _MISSING))
        for attribute in attributes:
            if not (isinstance(value, ModuleType) and self._place.has(value.__name__)):
                break
            name, value = f"{name}.{attribute}", getattr(value, attribute, _MISSING)
        return self._named(name, value)

    def _named(self, name: str, value: Any) -> str:
        if value is _MISSING:
            return _digest("missing", name)
        try:
            return _digest(name, self.token(value))
        except _Unreadable as error:
            raise _Unreadable(f"`{name}`, which is or holds {error}") from error

    def _object(self, value: Any) -> str:
        """Any other value: what pickling it would say, without how pickles say it."""
        if isinstance(value, CodeType):
            return self._code(value)
        told = _TOLD_BY_ATTRIBUTES.get((type(value).__module__, type(value).__qualname__))
        if told:
            return _digest("attributes", *(self.token(getattr(value, name)) for name in told))
        reduced = _reduced(value)
        if isinstance(reduced, str):  # a builtin, or what a decorator like lru_cache has made
            module = str(getattr(value, "__module__", None))
            wrapped = getattr(value, "__wrapped__", None)
            return _digest("by name", module, reduced, self.token(wrapped))
        function, arguments, *more = reduced
        state, items, pairs = (*more, None, None, None)[:3]
        parts = (function, arguments, state, list(items or ()), list(pairs or ()))
        return _digest("object", *map(self.token, parts))


_CONTAINERS: dict[type, Callable[[_Reader, Any], Any]] = {
    bytes: lambda _, value: [hashlib.sha256(value).hexdigest()],
    tuple: lambda reader, value: map(reader.token, value),
    list: lambda reader, value: map(reader.token, value),
    set: lambda reader, value: reader.unordered(value),
    frozenset: lambda reader, value: reader.unordered(value),
    dict: lambda reader, value: (reader.token(part) for pair in value.items() for part in pair),
    MappingProxyType: lambda reader, value: [reader.token(dict(value))],
    property: lambda reader, value: map(reader.token, (value.fget, value.fset, value.fdel)),
    staticmethod: lambda reader, value: [reader.token(value.__func__)],
    classmethod: lambda reader, value: [reader.token(value.__func__)],
    cached_property: lambda reader, value: [reader.token(value.func)],
}


def _is_named(code: FunctionType | type) -> bool:
    """Whether a name leads to code. What a call has made holds what the call was given."""
    if isinstance(code, type):
        return "<locals>" not in code.__qualname__
    found: Any = sys.modules.get(code.__module__)
    for name in code.__qualname__.split("."):
        found = getattr(found, name, None)
    return inspect.unwrap(found, stop=lambda each: each is code) is code


def _reduced(value: Any) -> Any:
    reduce = copyreg.dispatch_table.get(type(value))
    try:
        return reduce(value) if reduce else value.__reduce_ex__(_REDUCE_PROTOCOL)
    except Exception as error:  # what a user's object raises when pickled can be anything
        raise _Unreadable(f"a value of the type {type(value).__qualname__}: {error}") from error


def _normal(text: str) -> str:
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return text


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()
