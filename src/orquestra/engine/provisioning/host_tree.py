"""Finding and ending all processes of a head or node on the host.

Each of them inherits a variable that says whose it is. Some overwrite their environment (Ray's
workers, to show a title), so the children of a process belong to it too.
"""

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

import psutil
from psutil import Process

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import host_init

VARIABLE = "ORQUESTRA_NODE"
"""Environment variable of every process of a node: `<engine id>/<cluster>/<node>`."""

_ROUNDS = 20
_KILL_LIMIT = timedelta(seconds=2)
_POLL = timedelta(milliseconds=10)


def find(pid: int, *, birth: str | None, marker: str) -> Process | None:
    """The process with this id, if it is alive and still the one that was meant."""
    try:
        process = Process(pid)
    except psutil.NoSuchProcess:
        return None
    same = _is_alive(process) and host_init.birth_of(pid) == birth
    return process if same and _marker(process) == marker else None


def terminate(process: Process, *, grace: timedelta) -> None:
    """Ask the first process of a node to end, and wait for that at most `grace`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
    _wait([process], within=grace)


def kill_all(marker: str, *, first: Process | None) -> None:
    """Kill every process of a node, its first one last: it keeps the others findable.

    Raises:
        ProvisioningError: New ones keep appearing, or some do not go.
    """
    for _ in range(_ROUNDS):
        members = _members(marker)
        rest = [process for process in members if process != first]
        if not members:
            return
        for process in rest or members:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        _wait(rest or members, within=_KILL_LIMIT)
    raise ProvisioningError(
        f"The processes of {marker} do not end: {', '.join(str(left.pid) for left in members)}. "
        "Look at them with ps; one that waits for a disk ends when that answers."
    )


def _wait(processes: Iterable[Process], *, within: timedelta) -> None:
    """Wait until they have ended. psutil's own function would wait for zombies too."""
    deadline = time.monotonic() + within.total_seconds()
    while any(_is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL.total_seconds())


def _is_alive(process: Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _members(marker: str) -> list[Process]:
    everything = list(psutil.process_iter())
    children: defaultdict[int, list[Process]] = defaultdict(list)
    for process in everything:
        with contextlib.suppress(psutil.Error):
            if _is_alive(process):
                children[process.ppid()].append(process)
    pending = [process for process in everything if _marker(process) == marker]
    found: dict[int, Process] = {}
    while pending:
        process = pending.pop()
        if process.pid not in found:
            found[process.pid] = process
            pending.extend(children[process.pid])
    return list(found.values())


def _marker(process: Process) -> str | None:
    try:
        return process.environ().get(VARIABLE)
    except (psutil.Error, OSError):  # gone, a zombie, or another user's
        return None
