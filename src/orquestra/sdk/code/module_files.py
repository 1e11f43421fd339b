"""Python files of local modules: which belong together, and what they hold."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from orquestra.sdk.code.imported_names import names_in_text
from orquestra.sdk.exceptions import WorkflowSyntaxError

PACKAGE_FILE = "__init__"

_REMEMBERED_FILES = 4096


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A local module, package, or folder without `__init__.py`, by its path from the root on."""

    path: str
    place: Path

    @property
    def is_whole(self) -> bool:
        """Whether it travels as it is; of a folder that is no package only its parts do."""
        return self.place.is_file() or (self.place / f"{PACKAGE_FILE}.py").is_file()

    def within(self, parts: Iterable[str]) -> "Unit":
        """The first whole unit on the way that the further parts of a dotted name lead."""
        unit = self
        for part in parts:
            if unit.is_whole:
                break
            folder, file = unit.place / part, unit.place / f"{part}.py"
            path = f"{unit.path}/{part}"
            package = Unit(path=path, place=folder)
            is_module = file.is_file() and not package.is_whole
            unit = Unit(path=path, place=file) if is_module else package
        return unit

    def files(self) -> Iterator[tuple[str, Path]]:
        """Its Python files with their paths."""
        if self.place.is_file():
            yield f"{self.path}.py", self.place
            return
        for file in _python_files(self.place):
            yield f"{self.path}/{file.relative_to(self.place).as_posix()}", file


@dataclass(frozen=True, kw_only=True)
class Source:
    """The text of a module, and the names of what it imports."""

    text: str
    imports: frozenset[str]


def read_module(file: Path, *, package: str) -> Source:
    """A module of a package, "" for of none; read again only after it has changed.

    Raises:
        WorkflowSyntaxError: it cannot be read.
    """
    try:
        state = file.stat()
        return _read_once(file, state.st_mtime_ns, state.st_size, package)
    except (OSError, UnicodeDecodeError) as error:
        raise WorkflowSyntaxError(
            f"The local module {file} is imported by a task, but cannot be sent: {error}. Make it "
            "a readable file in UTF-8, or leave the import out."
        ) from error


@lru_cache(maxsize=_REMEMBERED_FILES)
def _read_once(file: Path, _changed: int, _size: int, package: str) -> Source:
    text = file.read_bytes().decode()
    return Source(text=text, imports=names_in_text(text, package=package))


def is_environment(folder: Path) -> bool:
    """Whether a folder is a virtual environment."""
    return (folder / "pyvenv.cfg").exists()


def _python_files(folder: Path) -> Iterator[Path]:
    """The Python files of a package, links followed; each folder once."""
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen or is_environment(Path(here)):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if name.isidentifier() and name != "__pycache__"]
        yield from (Path(here, name) for name in files if name.endswith(".py"))
