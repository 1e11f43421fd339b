"""Whether the local modules of a definition can be laid out as files."""

from pathlib import PurePosixPath

from orquestra.engine.definitions.problems import require
from orquestra.engine.errors import InvalidDefinition
from orquestra.sdk.schema import ir

MOST_FILES = 10_000
MOST_BYTES = 16 * 2**20
_LONGEST_NAME = 255
"""Bytes that the name of a file or folder may have on Linux."""


def check_source_files(definition: ir.WorkflowDef) -> None:
    """Make sure that local modules are Python files below their folder, and not too many.

    Raises:
        InvalidDefinition: The first problem found.
    """
    files = definition.source_files
    size = sum(len(text.encode()) for text in files.values())
    if len(files) > MOST_FILES or size > MOST_BYTES:
        raise InvalidDefinition(
            f"The workflow {definition.name!r} brings {len(files)} local modules of "
            f"{size / 2**20:.1f} MiB, but {MOST_FILES} of {MOST_BYTES // 2**20} MiB is the most; "
            "put them into a package and give it to the tasks as dependency_imports, or into an "
            "image."
        )
    for path in files:
        require(
            definition,
            holds=_is_module(path),
            problem=f"{path!r} is no path of a Python file below a folder",
        )
        parents = {str(parent) for parent in PurePosixPath(path).parents}
        require(
            definition,
            holds=files.keys().isdisjoint(parents),
            problem=f"the local module {path!r} lies below another",
        )


def _is_module(path: str) -> bool:
    parts = path.split("/")
    return path.endswith(".py") and all(map(_is_name, parts)) and parts[-1] != ".py"


def _is_name(part: str) -> bool:
    return (
        part not in ("", ".", "..")
        and part.isprintable()
        and "\\" not in part
        and len(part.encode()) <= _LONGEST_NAME
    )
