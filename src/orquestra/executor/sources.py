"""Local modules that travel with a run: files in a folder of the worker's own.

They are on the path of modules while calls of their run are evaluated. Files they are, and no
import hooks, so that tracebacks show their lines and `inspect` finds them.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from orquestra.executor.addresses import FOLDER_VARIABLE


class SourceFolder:
    """The folder of one run."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Write the files; their paths are relative.

        Raises:
            OSError: they cannot be written.
            ValueError: a path leads out of the folder.
        """
        # Whoever started the node removes what a worker leaves that was killed.
        parent = os.environ.get(FOLDER_VARIABLE)
        self.path = Path(
            tempfile.mkdtemp(
                prefix="sources-", dir=parent if parent and Path(parent).is_dir() else None
            )
        )
        try:
            for name, text in files.items():
                self._write(name, text)
        except (OSError, ValueError):
            self.remove()
            raise

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _write(self, name: str, text: str) -> None:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise ValueError(f"{name!r} is no path below an import root")
        path = self.path.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
