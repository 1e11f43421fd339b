"""Nodes as processes of this machine, for tests without a container engine."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from orquestra.sdk.schema.cluster import NodeId
from orquestra.sdk.schema.starts import (
    HEAD_COMMAND,
    NODE_COMMAND,
    START_VARIABLE,
    HeadStart,
    NodeStart,
)

_GRACE_SECONDS = 5


class HostNodes:
    """A `NodeLauncher` that starts each node, and on request the head, as a local process."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        # What Ray leaves behind where it is killed goes with this folder.
        self._folder = tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True)

    def start_head(self, start: HeadStart) -> None:
        """Start a head; one that was killed may be followed by another."""
        self._start("head", HEAD_COMMAND, start.model_dump_json())

    def wait_for_head(self, *, seconds: float) -> int:
        """Wait until the head has ended; its exit code."""
        return self._processes["head"].wait(seconds)

    def launch(self, start: NodeStart) -> None:
        """Start a node."""
        self._start(start.node_id, NODE_COMMAND, start.model_dump_json())

    def stop(self, node_id: NodeId) -> None:
        """Stop a node; one that is gone already is fine."""
        with self._lock:
            process = self._processes.pop(node_id, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self, node_id: NodeId) -> None:
        """End a node with all its processes at once, as when its machine goes."""
        with self._lock:
            process = self._processes.pop(node_id)
        for child in _descendants(process.pid):
            os.kill(child, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        """Stop all that still runs."""
        for process in self._processes.values():
            process.terminate()
        for node_id in list(self._processes):
            self.stop(NodeId(node_id))
        self._folder.cleanup()

    def _start(self, name: str, command: tuple[str, ...], start_text: str) -> None:
        environment = {**os.environ, START_VARIABLE: start_text, "TMPDIR": self._folder.name}
        arguments = [sys.executable, *command[1:]]
        with self._lock:
            self._processes[name] = subprocess.Popen(arguments, env=environment)


def _descendants(pid: int) -> list[int]:
    """A process and all below it, itself first."""
    found = [pid]
    for known in found:
        try:
            children = Path(f"/proc/{known}/task/{known}/children").read_text()
        except FileNotFoundError:
            continue
        found += map(int, children.split())
    return found
