"""The tokens of runs, each in a file that only its worker's user can read.

A file, because the token is no business of whoever lists the variables of processes, and because
release 1.1 reads it from one. Its content ends without a newline: that goes into a header as it is.
"""

import os
import shutil
import tempfile
from pathlib import Path

from orquestra.executor.addresses import FOLDER_VARIABLE
from orquestra.sdk.schema.workflow_run import WorkflowRunId


class TokenFiles:
    """The token files of one worker, in a folder of its own."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._paths: dict[WorkflowRunId, Path] = {}

    def open(self, run_id: WorkflowRunId, token: str) -> Path:
        """The file of a run, made where it is not there: a task may have removed it.

        Raises:
            OSError: it cannot be written.
        """
        path = self._paths.get(run_id)
        if path is None or not path.is_file():
            path = self._paths[run_id] = self._write(run_id, token)
        return path

    def close(self, run_id: WorkflowRunId) -> None:
        """A run is over: remove its file."""
        path = self._paths.pop(run_id, None)
        if path is not None:
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all of them."""
        self._paths.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _write(self, run_id: WorkflowRunId, token: str) -> Path:
        if self._folder is None or not self._folder.is_dir():
            # Whoever started the node removes what a worker leaves that was killed.
            parent = os.environ.get(FOLDER_VARIABLE)
            usable = parent if parent and Path(parent).is_dir() else None
            self._folder = Path(tempfile.mkdtemp(prefix="tokens-", dir=usable))
        path = self._folder / run_id
        with open(path, "w", encoding="ascii", opener=_private) as file:
            file.write(token)
        return path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, mode=0o600)
