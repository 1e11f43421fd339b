"""Files that hold keys: readable by the engine's user only, never seen half written.

They are on the disk before anything relies on them: what a lost key has locked stays locked.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def create(path: Path, content: bytes) -> None:
    """Write a key file where there is none: of two processes, one makes it and both read it."""
    with _complete(path, content) as new:
        try:
            path.hardlink_to(new)  # a link never replaces
        except OSError:
            if not path.exists():  # else another process was quicker
                raise


def replace(path: Path, content: bytes) -> None:
    """Write a key file in the place of the one that is there."""
    with _complete(path, content) as new:
        new.replace(path)


def forget_unfinished(path: Path) -> None:
    """Remove what processes that were killed have left beside a key file: keys that nobody uses.

    The file itself must be there, and nobody may replace it meanwhile.
    """
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink(missing_ok=True)


@contextmanager
def _complete(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside the other one; it is gone at the end."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:  # mkstemp's mode is 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield new
        _settle(path.parent)
    finally:
        new.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Have the names of its files on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
