"""Python packages as they are installed on this machine, and a way to try a task on it."""

import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

from orquestra.sdk.exceptions import PackagingError

if TYPE_CHECKING:
    from orquestra.sdk.code.imports import Import
    from orquestra.sdk.tracing.tasks import TaskDef

__all__ = ["InstalledImport", "PackagingError", "execute_task", "get_installed_version"]

R = TypeVar("R")


def get_installed_version(package_name: str) -> str:
    """The version of an installed distribution.

    Raises:
        PackagingError: no distribution of that name is installed.
    """
    try:
        return metadata.version(package_name)
    except metadata.PackageNotFoundError as error:
        raise PackagingError(
            f"The package {package_name!r} is not installed. Install it with pip and try again."
        ) from error


def InstalledImport(  # noqa: N802 - it stands among the classes of imports
    *,
    package_name: str,
    version_match: str | None = None,
    fallback: "Import | None" = None,
) -> "Import":
    """The import of a package in the version that is installed here.

    Args:
        package_name: its name on the package index.
        version_match: a regular expression that the beginning of the version must match.
        fallback: what to import where the package is missing or its version does not match.

    Raises:
        PackagingError: it is so, and there is no fallback.
    """
    from orquestra.sdk.code.imports import PythonImports

    try:
        version = _matching_version(package_name, version_match)
    except PackagingError:
        if fallback is None:
            raise
        return fallback
    return PythonImports(f"{package_name}=={version}")


def execute_task(
    task: "TaskDef[..., R]", args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> R:
    """Run the function of a task here and now, as tests do."""
    return task.__wrapped__(*args, **(kwargs or {}))


def _matching_version(package_name: str, pattern: str | None) -> str:
    version = get_installed_version(package_name)
    if pattern is not None and not re.match(pattern, version):
        raise PackagingError(
            f"The package {package_name!r} is installed as {version}, which does not match "
            f"{pattern!r}. Install another version, or give a fallback."
        )
    return version
