"""Ending the local engine, and everything that belongs to it."""

import contextlib
import os
import signal
from datetime import timedelta
from pathlib import Path

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.services.patience import wait_for
from orquestra.cli.services.starting import StartOptions, start
from orquestra.sdk.configuration import local_engine

STOP_LIMIT = timedelta(seconds=60)
KILL_LIMIT = timedelta(seconds=5)


def stop(data: Path) -> bool:
    """End the engine on that data and what it started; whether there was anything to end.

    An engine that was killed, at whatever moment, has left heads, nodes and their containers
    behind. Another engine on the same data takes them away at its end, so one is started for that.

    Raises:
        Failure: it cannot be ended.
    """
    pid = local_engine.holder(data)
    if pid is not None:
        _end(pid, data=data)
    was_killed = local_engine.has_left_something(data)
    if was_killed:
        start(StartOptions(data=data))
        sweeper = local_engine.holder(data)
        if sweeper is not None:
            _end(sweeper, data=data)
    local_engine.delete(data)
    return was_killed or pid is not None


def _end(pid: int, *, data: Path) -> None:
    """Ask a process to end, and make it end where it does not."""
    for number, limit in ((signal.SIGTERM, STOP_LIMIT), (signal.SIGKILL, KILL_LIMIT)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_for(
            lambda: local_engine.holder(data) != pid,
            within=limit,
            text="Stopping the local engine",
        ):
            return
    raise Failure(
        f"the local engine, process {pid}, cannot be ended",
        code=ExitCode.SERVICES,
        hint="it may wait for a device or a network folder; `ps -o stat,wchan -p <pid>` tells",
    )
