"""Where the code of tasks and the packages they need come from.

Git and local imports are not offered yet.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from orquestra.sdk.exceptions import WorkflowSyntaxError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_COMMENT = re.compile(r"(^|\s+)#.*$")
"""As pip sees it: not every # begins one."""


@dataclass(frozen=True)
class InlineImport:
    """The task's code travels in the workflow definition itself. This is the default."""


class PythonImports:
    """Packages to install before a task starts.

    Args:
        packages: requirements as pip writes them, like "numpy>=1.26".
        file: a requirements file, read when the workflow is built, relative to the current folder.

    Raises:
        WorkflowSyntaxError: a requirement that is malformed, or more than a name, extras,
            versions and markers.
    """

    def __init__(self, *packages: str, file: str | os.PathLike[str] | None = None) -> None:
        for package in packages:
            if not isinstance(package, str):
                raise TypeError(f"PythonImports takes requirement texts, not {package!r}")
            _parse(package, source="PythonImports")
        self._packages = packages
        self._file = None if file is None else Path(file)

    def requirements(self) -> "list[Requirement]":
        """All requirements, those of the file first.

        Raises:
            WorkflowSyntaxError: the file cannot be read, a line cannot be honoured, or a package
                is named twice.
        """
        found: dict[str, Requirement] = {}
        for text, source in self._texts():
            requirement = _parse(text, source=source)
            if _canonical(requirement.name) in found:
                raise WorkflowSyntaxError(
                    f"{source} names the package {requirement.name!r} twice. Join the two lines."
                )
            found[_canonical(requirement.name)] = requirement
        return list(found.values())

    def _texts(self) -> Iterator[tuple[str, str]]:
        if self._file is not None:
            for line in _logical_lines(_read(self._file)):
                yield line, str(self._file)
        for package in self._packages:
            yield package, "PythonImports"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PythonImports) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        parts = [repr(package) for package in self._packages]
        if self._file is not None:
            parts.append(f"file={str(self._file)!r}")
        return f"PythonImports({', '.join(parts)})"

    def _identity(self) -> tuple[Path | None, tuple[str, ...]]:
        return self._file, self._packages


Import: TypeAlias = InlineImport | PythonImports


def as_imports(imports: Import | Iterable[Import] | None) -> tuple[Import, ...] | None:
    """One import or several, as a tuple; None stays None ("nothing said").

    Raises:
        TypeError: something among them is no import.
    """
    if imports is None:
        return None
    if isinstance(imports, Import):
        return (imports,)
    if isinstance(imports, str) or not isinstance(imports, Iterable):
        raise _not_an_import(imports)
    found = tuple(imports)
    for item in found:
        if not isinstance(item, Import):
            raise _not_an_import(item)
    return found


def _not_an_import(item: object) -> TypeError:
    cure = f"sdk.PythonImports({item!r})" if isinstance(item, str) else "sdk.PythonImports(...)"
    return TypeError(f"{item!r} is not an import. Write {cure}.")


def _parse(text: str, *, source: str) -> "Requirement":
    from packaging.requirements import InvalidRequirement, Requirement

    if text.lstrip().startswith("-") or re.search(r"\s--", text):
        raise WorkflowSyntaxError(
            f"{source}: {text!r} holds an option of pip, which does not reach the nodes. "
            "Remove it; packages from elsewhere belong in a custom image."
        )
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise WorkflowSyntaxError(
            f"{source}: {text!r} is not a requirement. Write it as pip does, "
            f'like "numpy>=1.26". ({error})'
        ) from error
    if any(not specifier.version for specifier in requirement.specifier):
        raise WorkflowSyntaxError(f"{source}: {text!r} lacks the version after its operator.")
    if requirement.url is not None:
        raise WorkflowSyntaxError(
            f"{source}: {text!r} is an address, which does not reach the nodes. "
            "Name a released version, or install the package in a custom image."
        )
    return requirement


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkflowSyntaxError(
            f"The requirements file {str(file)!r} of PythonImports cannot be read: {error}. Its "
            f"path is relative to the current folder, {Path.cwd()}."
        ) from error


def _canonical(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def _logical_lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        content = _COMMENT.sub("", line).strip()
        if content:
            yield content
