"""Files that only the user may read, since they hold tokens."""

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, *, text: str) -> None:
    """Put a complete new file in the place of an old one, so that no reader sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:  # mkstemp's mode is 0600
            file.write(text)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
