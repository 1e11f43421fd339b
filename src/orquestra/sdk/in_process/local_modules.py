"""Local modules that a definition brings along, for where this process has none, or others."""

import importlib
import importlib.util
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import ModuleType

from orquestra.sdk.code.module_files import read_module
from orquestra.sdk.exceptions import WorkflowSyntaxError

_replacing = threading.RLock()
"""Held while modules are others. A task may run a definition with its own, so re-entrant."""


@contextmanager
def modules_at_hand(source_files: Mapping[str, str]) -> Iterator[None]:
    """Let functions of a definition import the local modules that it was made with.

    Mostly the process has them, as it has built the workflow beside them. Else those of the
    definition take their place. They are those of the whole process, so a run that needs this
    waits for one in another thread.
    """
    if all(_is_here(path, text) for path, text in source_files.items()):
        yield
        return
    with _replacing, tempfile.TemporaryDirectory(prefix="orquestra-sources-") as folder:
        for path, text in source_files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        with _imported_anew({_top(path) for path in source_files}), _first_on_path(folder):
            yield


def _is_here(path: str, text: str) -> bool:
    """Whether this process imports the same text as a module."""
    package = ".".join(PurePosixPath(path).parent.parts)
    for root in _roots(_top(path)):
        try:
            return read_module(root / path, package=package).text == text
        except WorkflowSyntaxError:  # it cannot be read; mostly there is none
            continue
    return False


def _roots(top: str) -> list[Path]:
    """The folders that this process imports a top-level module or package from."""
    module = sys.modules.get(top)
    if module is not None:
        folders, file = getattr(module, "__path__", ()), getattr(module, "__file__", None)
    else:
        spec = importlib.util.find_spec(top)
        folders = (spec and spec.submodule_search_locations) or ()
        file = spec.origin if spec and spec.has_location else None
    return [Path(place).parent for place in [*folders] or ([file] if file else [])]


def _top(path: str) -> str:
    return PurePosixPath(path).parts[0].removesuffix(".py")


@contextmanager
def _imported_anew(tops: Collection[str]) -> Iterator[None]:
    """Without these modules and what is below them; afterwards they are what they were."""
    before = _take_out(tops)
    try:
        yield
    finally:
        _take_out(tops)
        sys.modules.update(before)


def _take_out(tops: Collection[str]) -> dict[str, ModuleType]:
    # A copy, since another thread may import meanwhile.
    found = {name: it for name, it in sys.modules.copy().items() if name.split(".")[0] in tops}
    for name in found:
        sys.modules.pop(name, None)
    return found


@contextmanager
def _first_on_path(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
        for place in [*sys.path_importer_cache]:
            if place.startswith(folder):
                sys.path_importer_cache.pop(place, None)
