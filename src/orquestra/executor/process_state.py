"""What tasks can change of their process, put back before calls of another run begin.

A shared worker outlives runs, and neither run must see what the other has left behind: variables,
the working directory, the path of modules, the mask of new files' modes, handlers of signals.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any


class ProcessState:
    """The state of this process when this object was made. For its main thread only."""

    def __init__(self) -> None:
        self._directory = _directory()
        self._variables = dict(os.environ)
        self._path = list(sys.path)
        self._umask = _umask()
        self._handlers = _handlers()

    def go_home(self) -> None:
        """Make its working directory the present one."""
        try:
            os.chdir(self._directory)
        except OSError:  # it is gone, and a task that names no folder has to run somewhere
            os.chdir("/")

    def restore(self) -> None:
        """Put it back."""
        if os.environ != self._variables:
            os.environ.clear()
            os.environ.update(self._variables)
        sys.path[:] = self._path
        os.umask(self._umask)
        for number, handler in _handlers().items():
            if handler != self._handlers.get(number):
                signal.signal(number, self._handlers.get(number, signal.SIG_DFL))


def _directory() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # somebody has deleted it
        return "/"


def _umask() -> int:
    # It can only be read by being set.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _handlers() -> dict[signal.Signals, Any]:
    """Handlers of Python; others, which C code has set, are its own affair."""
    found = {number: signal.getsignal(number) for number in signal.Signals}
    return {number: handler for number, handler in found.items() if handler is not None}
