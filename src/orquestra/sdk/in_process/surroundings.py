"""What a run changes of the process while it executes, and puts back."""

import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath


@contextmanager
def variables_set(variables: Mapping[str, str] | None) -> Iterator[None]:
    """Environment variables of a task; afterwards they are what they were."""
    if not variables:
        yield
        return
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def modules_at_hand(source_files: Mapping[str, str]) -> Iterator[None]:
    """Local modules of a definition that this process cannot import by itself.

    Mostly it can, as it has built the workflow beside them; a definition from elsewhere brings
    them along.
    """
    missing = [path for path in source_files if not _can_import(PurePosixPath(path).parts[0])]
    if not missing:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="orquestra-sources-") as folder:
        for path in missing:
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source_files[path], encoding="utf-8")
        sys.path.append(folder)
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.path.remove(folder)


def _can_import(top: str) -> bool:
    name = top.removesuffix(".py")
    if name in sys.modules:
        return True
    return importlib.util.find_spec(name) is not None
