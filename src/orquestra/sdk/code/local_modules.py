"""Local modules that tasks import: which they are, and their text, which travels along.

Each function has a *root*: the folder that its top-level module or package is imported from; the
current folder for a notebook. Local is what Python would import from the root or from below it,
unless it is installed there: the standard library, `site-packages`, virtual environments. A local
package travels with all its Python files; files of other kinds do not. Of a folder that is a
package only because Python can import from it (it has no `__init__.py`), what is imported travels.
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

from orquestra.sdk.code.imported_names import (
    names_in_code,
    names_in_functions,
    names_in_globals,
    names_of_value,
    top_level,
)
from orquestra.sdk.code.module_files import PACKAGE_FILE, Unit, is_environment, read_module
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
    seeds: dict[Path, set[str]] = {}
    seen: set[int] = set()
    for fn in functions:
        home = home_of(fn)
        seeds.setdefault(home.root, set()).update(_imported_by(fn, home=home, seen=seen))
    for fn in imported:
        home = home_of(fn)
        seeds.setdefault(home.root, set()).add(home.module)
    found: dict[str, str] = {}
    for root, names in seeds.items():
        found |= LocalModules(root).texts(names)
    _check_size(found)
    return found


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where a function is written; a notebook has no file."""

    module: str
    root: Path
    file: Path | None

    @property
    def package(self) -> str:
        """The package that it is in; "" for none."""
        is_package = self.file is not None and self.file.stem == PACKAGE_FILE
        return self.module if is_package else self.module.rpartition(".")[0]


def home_of(fn: Callable[..., Any]) -> Home:
    """Where a function is written, as its module says."""
    name = getattr(fn, "__module__", None) or _MAIN
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None:
        return Home(module=name, root=Path.cwd(), file=None)
    spec = getattr(module, "__spec__", None)
    if name == _MAIN and spec is not None:  # python -m package.module
        name = spec.name
    path = Path(os.path.abspath(file))  # noqa: PTH100 - links are kept, as Python does
    parts = [*name.split("."), *([PACKAGE_FILE] if path.stem == PACKAGE_FILE else [])]
    # A file that was run under another name than its own lies beside what it imports.
    depth = len(parts) if [*path.with_suffix("").parts[-len(parts) :]] == parts else 1
    return Home(module=name, root=path.parents[depth - 1], file=path)


class LocalModules:
    """The local modules of one root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._places: dict[str, list[Path]] = {}

    def has(self, name: str) -> bool:
        """Whether a module is local; it need not be imported."""
        return bool(self._places_of(top_level(name)))

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Modules by their names, with all the local ones that they import.

        Raises:
            WorkflowSyntaxError: one cannot be read.
        """
        found: dict[str, str] = {}
        waiting = [*names]
        seen: set[Unit] = set()
        while waiting:
            unit = self._unit(waiting.pop())
            if unit is None or unit in seen:
                continue
            seen.add(unit)
            for path, file in unit.files():
                source = read_module(file, package=".".join(PurePosixPath(path).parent.parts))
                found[path] = source.text
                waiting += source.imports
        return dict(sorted(found.items()))

    def _unit(self, name: str) -> Unit | None:
        top, *parts = name.split(".")
        units = (Unit(path=top, place=place) for place in self._places_of(top))
        found = (unit.within(parts) for unit in units)
        return next((unit for unit in found if unit.is_whole), None)

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


def _imported_by(fn: Callable[..., Any], *, home: Home, seen: set[int]) -> Iterator[str]:
    """Names of what a function and the module around it import.

    `seen` remembers what functions have in common: their variables.
    """
    if isinstance(fn, FunctionType):
        for cell in fn.__closure__ or ():
            yield from names_of_value(getattr(cell, "cell_contents", None), own=fn.__module__)
        if home.file is None:
            yield from names_in_code(fn.__code__)
    variables = getattr(fn, "__globals__", None) or _variables(home.module)
    if id(variables) in seen:
        return
    seen.add(id(variables))
    yield from names_in_globals(variables)
    if home.file is None:
        yield from names_in_functions(variables)
    elif home.file.suffix == ".py" and home.file.is_file():
        yield from read_module(home.file, package=home.package).imports


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


def _check_size(files: dict[str, str]) -> None:
    sizes = {path: len(text.encode()) for path, text in files.items()}
    if sum(sizes.values()) <= MOST_BYTES:
        return
    largest = max(sizes, key=sizes.__getitem__)
    raise WorkflowSyntaxError(
        f"The local modules that the tasks import are {sum(sizes.values()) / 2**20:.1f} MiB "
        f"together, and {MOST_BYTES // 2**20} MiB is the most. The largest is {largest}, with "
        f"{sizes[largest] / 2**20:.1f} MiB. Put data into files of their own that tasks read, or "
        "make a package of the modules and give it to the tasks as dependency_imports."
    )
