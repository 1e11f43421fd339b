"""The first process of a head or node: starts the others, reaps what dies, passes signals on."""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import FrameType

GRACE = timedelta(seconds=5)


class Processes:
    """The children of a first process.

    The first process of a container also gets every orphan: they are reaped and forgotten. On
    SIGTERM or SIGINT all children are asked to stop; who sent it kills what does not.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def start(self, name: str, command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        """Start a child under a name that `wait` gives back."""
        pid = os.posix_spawn(command[0], list(command), dict(environment), setpgroup=0)
        self._names[pid] = name

    def wait(self) -> tuple[str, int]:
        """Wait until one of the started children has ended; its name and exit code."""
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid in self._names:
                return self._names.pop(pid), os.waitstatus_to_exitcode(status)

    def stop(self, grace: timedelta = GRACE) -> None:
        """End all children that still run."""
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + grace.total_seconds()
        while self._names and time.monotonic() < deadline:
            if not self._reap():
                time.sleep(0.02)
        self._send(signal.SIGKILL)

    def _reap(self) -> bool:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            self._names.clear()
            return True
        self._names.pop(pid, None)
        return pid != 0

    def _send(self, number: signal.Signals) -> None:
        for pid in self._names:
            try:
                os.killpg(pid, number)
            except ProcessLookupError:
                continue

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if not self._stopping:
            self._stopping = True
            if not self._names:
                sys.exit(128 + number)
            self._send(signal.SIGTERM)
