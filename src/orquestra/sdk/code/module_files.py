"""Python files of local modules: which belong together, and what they hold."""

import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from orquestra.sdk.code.imported_names import names_in_text
from orquestra.sdk.exceptions import WorkflowSyntaxError

PACKAGE_FILE = "__init__"

_REMEMBERED_FILES = 4096
_CODING = re.compile(r"^([ \t\f]*#.*?coding[:=][ \t]*)[-\w.]+", re.ASCII | re.MULTILINE)
"""The comment that names a file's encoding; where there is one, it is in the first two lines."""


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
            unit = unit._part(part)
        return unit

    def run_by(self, parts: Iterable[str]) -> "Iterator[Unit]":
        """The files that Python runs to import the further parts of a dotted name."""
        unit = self
        for part in (*parts, None):
            if unit.place.is_file():
                yield unit
                return
            yield Unit(path=f"{unit.path}/{PACKAGE_FILE}", place=unit.place / f"{PACKAGE_FILE}.py")
            if part is not None:
                unit = unit._part(part)

    def _part(self, name: str) -> "Unit":
        folder, file = self.place / name, self.place / f"{name}.py"
        path = f"{self.path}/{name}"
        package = Unit(path=path, place=folder)
        is_module = file.is_file() and not package.is_whole
        return Unit(path=path, place=file) if is_module else package

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
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise WorkflowSyntaxError(
            f"The local module {file} is imported by a task, but cannot be sent: {error}. Make it "
            "a readable file in UTF-8, or leave the import out."
        ) from error


@lru_cache(maxsize=_REMEMBERED_FILES)
def _read_once(file: Path, _changed: int, _size: int, package: str) -> Source:
    text = _decoded(file.read_bytes())
    return Source(text=text, imports=names_in_text(text, package=package))


def _decoded(data: bytes) -> str:
    """The text as Python reads it, for a file in UTF-8."""
    encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
    text = data.decode(encoding)
    return text if encoding.startswith("utf-8") else _CODING.sub(r"\1utf-8", text, count=1)


def is_environment(folder: Path) -> bool:
    """Whether a folder is a virtual environment."""
    return (folder / "pyvenv.cfg").exists()


def _python_files(folder: Path) -> Iterator[Path]:
    """The files of a package that can be imported, links followed; each folder once."""
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen or is_environment(Path(here)):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if name.isidentifier() and name != "__pycache__"]
        found = (Path(here, name) for name in files if name.endswith(".py"))
        yield from (file for file in found if file.stem.isidentifier() and file.is_file())
