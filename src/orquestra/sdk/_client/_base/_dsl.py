"""What a decorated function of release 1.1 carries with it in its pickle.

Only the function counts where such a pickle is loaded. What describes the task is read from the
definition, so these classes do nothing but take what was written.
"""

from typing import Any, NamedTuple

from orquestra.sdk.code.imports import (
    DeferredGitImport,
    GitImport,
    GitImportWithAuth,
    InlineImport,
    LocalImport,
    PythonImports,
)
from orquestra.sdk.schema.ir import ParameterKind
from orquestra.sdk.tracing.resources import Resources

__all__ = [
    "DeferredGitImport",
    "FileFunctionRef",
    "GitImport",
    "GitImportWithAuth",
    "InlineFunctionRef",
    "InlineImport",
    "LocalImport",
    "ModuleFunctionRef",
    "ParameterKind",
    "PythonImports",
    "Resources",
    "TaskOutputMetadata",
    "TaskParameter",
]


class InlineFunctionRef(NamedTuple):
    """A function that travels itself."""

    function_name: str
    fn: Any


class ModuleFunctionRef(NamedTuple):
    """A function by its module and name."""

    module: str
    function_name: str
    file_path: str | None = None
    line_number: int | None = None


class FileFunctionRef(NamedTuple):
    """A function by its file and name."""

    file_path: str
    function_name: str
    line_number: int | None = None


class TaskOutputMetadata(NamedTuple):
    """Whether a result can be taken apart, and into how many values."""

    is_subscriptable: bool
    n_outputs: int


class TaskParameter(NamedTuple):
    """One parameter of a task."""

    name: str
    kind: ParameterKind
