"""Pickles that hold what one module defines, and name everything else.

Code of the user's own module travels this way, and so do values of its classes: what is pickled
apart from each other still shares its classes where it is loaded. Modules themselves are always
named, and so is what lies in other modules: it must be importable at the other end.
"""

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from types import FunctionType, ModuleType
from typing import Any

import cloudpickle

from orquestra.sdk.picklers import Pickler
from orquestra.sdk.values import PICKLE_PROTOCOL

_MAIN = "__main__"

_registry_lock = threading.RLock()  # what a value does when it is pickled may pickle in turn


def dumps(
    value: Any, *, module: str | None, check: Callable[[object], None] | None = None
) -> bytes:
    """Pickle a value, with functions and classes of exactly this module by value.

    `check` is called with everything inside the value that is not of a plain built-in type, and
    raises to refuse it. Raises whatever pickling the value raises, too.
    """
    file = BytesIO()
    name = module or _MAIN
    with _by_value(name):
        _Pickler(file, module=name, check=check).dump(value)
    return file.getvalue()


class _Pickler(Pickler):
    """Takes back from cloudpickle what it does to modules below, and to modules as values."""

    def __init__(
        self, file: BytesIO, *, module: str, check: Callable[[object], None] | None
    ) -> None:
        super().__init__(file, protocol=PICKLE_PROTOCOL)
        self._module = module
        self._check = check

    def reducer_override(self, obj: Any) -> Any:
        if self._check is not None:
            self._check(obj)
        kind = type(obj)
        if issubclass(kind, ModuleType):
            if self._is_importable(obj):
                return importlib.import_module, (obj.__name__,)
        elif issubclass(kind, FunctionType | type) and self._is_below(obj):
            return NotImplemented  # by name
        return super().reducer_override(obj)

    def _is_importable(self, module: ModuleType) -> bool:
        name = module.__name__
        return name != _MAIN and sys.modules.get(name) is module

    def _is_below(self, obj: Any) -> bool:
        module = obj.__module__
        if not (isinstance(module, str) and module.startswith(f"{self._module}.")):
            return False
        found: Any = sys.modules.get(module)
        for name in obj.__qualname__.split("."):
            found = getattr(found, name, None)
        return found is obj


@contextmanager
def _by_value(name: str) -> Iterator[None]:
    module = sys.modules.get(name)
    with _registry_lock:  # the registry is global
        if module is None or name in cloudpickle.list_registry_pickle_by_value():
            yield
            return
        cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            cloudpickle.unregister_pickle_by_value(module)
