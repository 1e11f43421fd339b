"""Where the code of tasks and the packages they need come from: all kinds of imports.

Their models in definitions are made by `import_library`. Importing this must stay cheap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from orquestra.sdk.code.git_imports import (
    DeferredGitImport,
    DeferredGitRef,
    GithubImport,
    GitImport,
    GitImportWithAuth,
    infer_git_ref,
)
from orquestra.sdk.code.python_imports import PythonImports

__all__ = [
    "DeferredGitImport",
    "DeferredGitRef",
    "GitImport",
    "GitImportWithAuth",
    "GithubImport",
    "Import",
    "InlineImport",
    "LocalImport",
    "PythonImports",
    "as_imports",
    "infer_git_ref",
]


@dataclass(frozen=True)
class InlineImport:
    """The task's code travels in the workflow definition itself. This is the default."""


@dataclass(frozen=True)
class LocalImport:
    """The task's code is imported as a module, by its name.

    The module travels like the local modules of inline tasks, or is part of the image.

    Args:
        module: its name, for the reader; the task says itself in which module it is.
    """

    module: str


Import: TypeAlias = (
    InlineImport | LocalImport | PythonImports | GitImport | GitImportWithAuth | DeferredGitImport
)


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
