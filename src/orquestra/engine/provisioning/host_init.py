"""The first process of a head or node on the host: what the init process of a container is.

    python host_init.py RECORD COMMAND...

It leaves the engine (session and parent), so that it outlives one; runs the command with its
output in the record's folder; passes SIGTERM on to it; and when the command has ended, ends
whatever that has left behind and records the exit code. Processes that lose their parent become
its children (Linux), so none of them gets away.

It is started by its path and imports nothing but the standard library: it is there in 20 ms.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

PROCESS = "process.json"
EXIT = "exit.json"
OUTPUT = "output"
"""Files of a record."""

_PR_SET_CHILD_SUBREAPER = 36
_NOT_STARTED = 127
_SIGNALLED = 128
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def main(record: Path, command: list[str]) -> int:
    """Leave a process behind that runs the command; return once it is recorded."""
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(told, 1) else 1
    os.close(told)
    os.setsid()
    _adopt_orphans()
    _redirect(record / OUTPUT)
    write(record / PROCESS, {"pid": os.getpid(), "birth": birth_of(os.getpid())})
    os.write(tell, b".")
    os.close(tell)
    code = _run(command)
    _end_orphans()
    write(record / EXIT, {"code": code})
    return 0


def birth_of(pid: int) -> str | None:
    """What no later process with this id has: boot and tick of its start; None where unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = _BOOT_ID.read_text().strip()
    except OSError:
        return None
    # The name, in brackets, may hold anything; the 22nd field is the start.
    return f"{boot}:{stat.rpartition(')')[2].split()[19]}"


def write(path: Path, content: dict[str, object]) -> None:
    """Write a file of a record whole or not at all."""
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(content))
    scratch.replace(path)


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _redirect(output: Path) -> None:
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (file, 1), (file, 2)):
        os.dup2(source, target)
    os.close(file)
    os.close(null)


def _run(command: list[str]) -> int:
    # Signals wait until there is somebody to pass them on to.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        child = os.posix_spawnp(command[0], command, os.environ, setsigmask=())
    except OSError as error:
        os.write(2, f"{command[0]} cannot be run: {error.strerror}\n".encode())
        return _NOT_STARTED
    signal.signal(signal.SIGTERM, lambda number, _: _signal(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _SIGNALLED - code


def _end_orphans() -> None:
    """Kill children until there are none; the children of a killed one become ours."""
    if sys.platform != "linux":
        return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        for pid in _children():
            _signal(pid, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def _children() -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:  # gone meanwhile
            continue
        if int(parent) == os.getpid():
            found.append(int(stat.parent.name))
    return found


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
