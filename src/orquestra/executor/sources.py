"""Local modules that travel with a run: files in a folder of the worker's own.

They are on the path of modules while calls of their run are evaluated. Files they are, and no
import hooks, so that tracebacks show their lines and `inspect` finds them.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from orquestra.executor.addresses import FOLDER_VARIABLE
from orquestra.sdk.schema.workflow_run import WorkflowRunId

_MOST_SPARE = 4

_CACHE = "__pycache__"
"""What Python itself puts beside modules."""


class SourceFolders:
    """The folders of all runs of a worker.

    Runs that follow each other mostly bring the same modules. So the folder of a run that is over
    is kept, and the next run that brings the same files gets it, if it is still as it was written.
    No two runs have the same one at the same time.
    """

    def __init__(self) -> None:
        self._of: dict[WorkflowRunId, SourceFolder] = {}
        self._spare: list[SourceFolder] = []
        """The oldest first."""

    def find(self, run_id: WorkflowRunId) -> Path | None:
        """The folder of a run, if it has one already."""
        folder = self._of.get(run_id)
        return folder.path if folder else None

    def open(self, run_id: WorkflowRunId, files: Mapping[str, str]) -> Path:
        """Give a run a folder with its files.

        Raises:
            OSError: they cannot be written.
            ValueError: a path leads out of the folder.
        """
        folder = self._of[run_id] = self._take_spare(_digest(files)) or SourceFolder(files)
        return folder.path

    def close(self, run_id: WorkflowRunId) -> None:
        """A run is over, and needs its folder no more."""
        folder = self._of.pop(run_id, None)
        if folder is None:
            return
        self._spare.append(folder)
        if len(self._spare) > _MOST_SPARE:
            self._spare.pop(0).remove()

    def remove(self) -> None:
        """Remove all of them."""
        for folder in (*self._of.values(), *self._spare):
            folder.remove()
        self._of.clear()
        self._spare.clear()

    def _take_spare(self, digest: str) -> "SourceFolder | None":
        folder = next((each for each in self._spare if each.digest == digest), None)
        if folder is None:
            return None
        self._spare.remove(folder)
        if folder.is_as_written():
            return folder
        folder.remove()
        return None


class SourceFolder:
    """The folder of one run, and the `digest` of its files."""

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
            self._written = self._look()
        except (OSError, ValueError):
            self.remove()
            raise
        self.digest = _digest(files)

    def is_as_written(self) -> bool:
        """Whether no task has changed it since, as far as sizes and times of files tell."""
        try:
            return self._look() == self._written
        except OSError:
            return False

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

    def _look(self) -> dict[str, tuple[int, int] | None]:
        """What lies there: sizes and times of files, and which folders there are."""
        found: dict[str, tuple[int, int] | None] = {}
        for place, folders, names in os.walk(self.path):
            folders[:] = [name for name in folders if name != _CACHE]
            found |= {f"{place}/{name}": None for name in folders}
            for name in names:
                path = f"{place}/{name}"
                status = os.lstat(path)
                found[path] = status.st_size, status.st_mtime_ns
        return found


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()
