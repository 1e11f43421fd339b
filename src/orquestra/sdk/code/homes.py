"""Where functions are written, and which folder what they import comes from."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orquestra.sdk.code.module_files import PACKAGE_FILE

_MAIN = "__main__"


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
