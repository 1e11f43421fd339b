"""Local modules that tasks import: which they are, and their text, which travels along.

Each function has a *root*: the folder that its top-level module or package is imported from; the
current folder for a notebook. Local is what Python would import from the root or from below it,
unless it is installed there: the standard library, `site-packages`, virtual environments. A local
package travels with all its Python files; files of other kinds do not. What is imported of it is
all that travels where the whole is too large, and where a folder is a package only because Python
can import from it (it has no `__init__.py`).
"""

import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from types import FunctionType
from typing import Any

from orquestra.sdk.call_sites import CallSite, definition_site, located
from orquestra.sdk.code.homes import home_of
from orquestra.sdk.code.imported_names import (
    names_in_code,
    names_in_functions,
    names_in_globals,
    names_of_value,
    top_level,
)
from orquestra.sdk.code.module_files import (
    PACKAGE_FILE,
    Source,
    Unit,
    is_environment,
    read_module,
)
from orquestra.sdk.exceptions import WorkflowSyntaxError

MOST_BYTES = 10 * 2**20

_OWN = "orquestra"
_MAIN = "__main__"
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LIBRARIES = frozenset(Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib"))


def source_files(
    functions: Iterable[Callable[..., Any]], *, imported: Iterable[Callable[..., Any]] = ()
) -> dict[str, str]:
    """The local modules that functions import, also indirectly: text by path.

    Paths are relative to the folder that a module is imported from, like "package/__init__.py".
    The modules of the functions themselves are among them where another one imports them, and in
    any case for those in `imported`.

    Raises:
        WorkflowSyntaxError: a module cannot be read, or all together are too large.
    """
    seen: set[int] = set()
    seeds = [_Seed(fn=fn, names=_imported_by(fn, seen=seen)) for fn in functions]
    seeds += [_Seed(fn=fn, names=frozenset({home_of(fn).module})) for fn in imported]
    try:
        return _texts(seeds)
    except WorkflowSyntaxError as error:
        raise WorkflowSyntaxError(located(str(error), at=_site(seeds))) from error


@dataclass(frozen=True, kw_only=True)
class _Seed:
    """A function, and the names of modules from which all are found that it needs."""

    fn: Callable[..., Any]
    names: frozenset[str]


def _texts(seeds: Iterable[_Seed]) -> dict[str, str]:
    names: dict[Path, set[str]] = {}
    for seed in seeds:
        names.setdefault(home_of(seed.fn).root, set()).update(seed.names)
    found: dict[str, str] = {}
    for whole_packages in (True, False):
        found = {}
        for root, imported in names.items():
            found |= LocalModules(root, whole_packages=whole_packages).texts(imported)
        if _size(found) <= MOST_BYTES:
            return found
    raise WorkflowSyntaxError(_size_problem(found))


def _site(seeds: Iterable[_Seed]) -> CallSite | None:
    """Where the first function is written that alone cannot be sent; None where all can."""
    for seed in seeds:
        try:
            _texts([seed])
        except WorkflowSyntaxError:
            return definition_site(seed.fn)
    return None


class LocalModules:
    """The local modules of one root."""

    def __init__(self, root: Path, *, whole_packages: bool = True) -> None:
        self._root = root
        self._whole_packages = whole_packages
        self._places: dict[str, list[Path]] = {}

    def has(self, name: str) -> bool:
        """Whether a module is local; it need not be imported."""
        return bool(self._places_of(top_level(name)))

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Modules by their names, with all the local ones that they import.

        Raises:
            WorkflowSyntaxError: one of these cannot be read.
        """
        found: dict[str, str] = {}
        problems: dict[str, WorkflowSyntaxError] = {}
        waiting = [*names]
        asked: set[str] = set()
        seen: set[Unit] = set()
        while waiting:
            name = waiting.pop()
            units = [unit for unit in self._units(name) if unit not in seen]
            asked.add(name)
            seen.update(units)
            for path, source in _sources(units, problems=problems):
                found[path] = source.text
                waiting += source.imports - asked
        for module, problem in problems.items():
            if any(f"{name}.".startswith(f"{module}.") for name in asked):
                raise problem  # others lie in the same package, and nobody asks for them
        return dict(sorted(found.items()))

    def _units(self, name: str) -> list[Unit]:
        """What has to travel for one import."""
        top, *parts = name.split(".")
        for place in self._places_of(top):
            unit = Unit(path=top, place=place)
            units = [unit.within(parts)] if self._whole_packages else unit.run_by(parts)
            found = [unit for unit in units if unit.is_whole]
            if found:
                return found
        return []

    def _places_of(self, name: str) -> list[Path]:
        """The local file or folders of a top-level module; none for one that is not local."""
        if name not in self._places:
            places = () if name in (_OWN, _MAIN) else _places(name, root=self._root)
            self._places[name] = [place for place in places if self._is_local(place)]
        return self._places[name]

    def _is_local(self, place: Path) -> bool:
        below = _below(place, root=self._root)
        if below is None or not (place.is_dir() or place.suffix == ".py"):
            return False
        if _INSTALLED.intersection(place.parts) or any(map(place.is_relative_to, _LIBRARIES)):
            return False
        folders = below.parents[:-1]  # without the root
        return place.exists() and not any(is_environment(self._root / f) for f in folders)


def _sources(
    units: Iterable[Unit], *, problems: dict[str, WorkflowSyntaxError]
) -> Iterator[tuple[str, Source]]:
    """The files of units, with their paths; what cannot be read is a problem of a module."""
    for path, file in (item for unit in units for item in unit.files()):
        here = PurePosixPath(path)
        package = ".".join(here.parent.parts)
        try:
            yield path, read_module(file, package=package)
        except WorkflowSyntaxError as error:
            is_package = here.stem == PACKAGE_FILE
            problems[package if is_package else ".".join(here.with_suffix("").parts)] = error


def _imported_by(fn: Callable[..., Any], *, seen: set[int]) -> frozenset[str]:
    """Names of what a function and the module around it import.

    `seen` remembers what functions have in common: their variables.
    """
    home = home_of(fn)
    names: set[str] = set()
    if isinstance(fn, FunctionType):
        for cell in fn.__closure__ or ():
            names.update(names_of_value(getattr(cell, "cell_contents", None), own=fn.__module__))
        if home.file is None:
            names.update(names_in_code(fn.__code__))
    variables = getattr(fn, "__globals__", None) or _variables(home.module)
    if id(variables) in seen:
        return frozenset(names)
    seen.add(id(variables))
    names.update(names_in_globals(variables))
    if home.file is None:
        names.update(names_in_functions(variables))
    elif home.file.suffix == ".py" and home.file.is_file():
        names |= read_module(home.file, package=home.package).imports
    return frozenset(names)


def _variables(module: str) -> dict[str, Any]:
    return vars(sys.modules[module]) if module in sys.modules else {}


def _places(name: str, *, root: Path) -> list[Path]:
    """Where Python has a top-level module, or would find it: its file, or its folders."""
    module = sys.modules.get(name)
    if module is not None:
        folders, file = getattr(module, "__path__", ()), getattr(module, "__file__", None)
    else:
        spec = _spec(name) or PathFinder.find_spec(name, [str(root)])
        folders = (spec and spec.submodule_search_locations) or ()
        file = spec.origin if spec and spec.has_location else None
    found = [*folders] or ([file] if file else [])
    return [Path(os.path.abspath(place)) for place in found]  # noqa: PTH100 - links are kept


def _spec(name: str) -> Any:
    try:
        return find_spec(name)
    except (ImportError, ValueError):  # a finder of somebody's, or a module without a spec
        return None


def _below(place: Path, *, root: Path) -> Path | None:
    """The path below the root, where it lies there by its name or when all links are followed."""
    for path, folder in ((place, root), (place.resolve(), root.resolve())):
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return None


def _size(files: dict[str, str]) -> int:
    return sum(len(text.encode()) for text in files.values())


def _size_problem(files: dict[str, str]) -> str:
    largest = max(files, key=lambda path: len(files[path]))
    return (
        f"The local modules that the tasks import are {_size(files) / 2**20:.1f} MiB "
        f"together, and {MOST_BYTES // 2**20} MiB is the most. The largest is {largest}, with "
        f"{len(files[largest].encode()) / 2**20:.1f} MiB. Put data into files of their own that "
        "tasks read, or make a package of the modules and give it to the tasks as "
        "dependency_imports."
    )
