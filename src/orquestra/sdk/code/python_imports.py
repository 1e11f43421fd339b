"""Packages that tasks need, as pip names them. Importing this must stay cheap."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orquestra.sdk.code.git_imports import GitImportWithAuth
from orquestra.sdk.exceptions import WorkflowSyntaxError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_COMMENT = re.compile(r"(^|\s+)#.*$")
"""As pip sees it: not every # begins one."""

_GIT_ADDRESS = re.compile(r"git\+(?P<url>[a-z]+://[^/#]+/[^#@]+)@(?P<ref>[^#@]+)")


class PythonImports:
    """Packages to install before a task starts.

    Args:
        packages: requirements as pip writes them, like "numpy>=1.26". An address may be that of a
            git repository: "name @ git+https://host/path.git@v1".
        file: a requirements file, read when the workflow is built, relative to the current folder.

    Raises:
        WorkflowSyntaxError: a requirement that is malformed, or that the nodes could not honour.
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


def as_git_import(requirement: "Requirement") -> GitImportWithAuth:
    """A requirement with the address of a git repository, as the import that it means.

    Raises:
        ValueError: it lacks what such an import needs, or has what cannot be honoured.
    """
    if requirement.marker is not None:
        raise ValueError(f"its marker, {str(requirement.marker)!r}, is not honoured")
    match = _GIT_ADDRESS.fullmatch(requirement.url or "")
    if match is None:
        raise ValueError(
            "it must end with a branch, a tag or a commit: name @ git+https://host/path.git@v1"
        )
    return GitImportWithAuth(
        repo_url=match["url"],
        git_ref=match["ref"],
        username=None,
        auth_secret=None,
        package_name=requirement.name,
        extras=tuple(sorted(requirement.extras)) or None,
    )


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
        _check_address(requirement, source=source)
    return requirement


def _check_address(requirement: "Requirement", *, source: str) -> None:
    if not (requirement.url or "").startswith("git+"):
        raise WorkflowSyntaxError(
            f"{source}: {str(requirement)!r} is an address, which does not reach the nodes. "
            "Name a released version, or install the package in a custom image."
        )
    try:
        as_git_import(requirement)
    except ValueError as error:
        # Without the address: it may hold a password.
        raise WorkflowSyntaxError(
            f"{source}: the address of {requirement.name!r} cannot be used: {error}. "
            "sdk.GitImportWithAuth(...) takes a secret, a custom image takes all else."
        ) from None


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
