"""A program that the engine starts beside itself, and that does not outlive it."""

import asyncio
import contextlib
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

_STOP_GRACE = timedelta(seconds=5)
_TAIL_BYTES = 4096
_POLL = timedelta(milliseconds=20)


class Daemon:
    """A running program with its output in a file, begun anew with each start.

    Where `setpriv` exists (every Linux distribution has it), the kernel ends the program when
    the engine dies in whatever way. Start it in the thread that runs the engine's event loop:
    the kernel watches the starting thread. A session of its own keeps Ctrl-C in a terminal from
    ending it before the engine has cleaned up.
    """

    def __init__(self, process: asyncio.subprocess.Process, *, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, command: Sequence[str], *, log: Path) -> "Daemon":
        """Start a program; raises `OSError` where it cannot be run."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *_ending_with_us(command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(process, log=log)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def has_exited(self) -> bool:
        """Whether the program has ended."""
        return self._process.returncode is not None

    async def wait(self) -> None:
        """Wait until the program ends."""
        await self._process.wait()

    def last_output(self) -> str:
        """The end of what it has written, for an error message."""
        with contextlib.suppress(OSError):
            return self._log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()
        return ""

    async def wait_until(self, ready: Callable[[], bool], *, limit: timedelta) -> bool:
        """Whether `ready` came true within `limit`, and before the program ended."""
        await wait_until(lambda: self.has_exited or ready(), limit=limit)
        return not self.has_exited and ready()

    async def stop(self) -> None:
        """End the program, forcibly after a few seconds. Succeeds where it has ended already."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_GRACE.total_seconds())
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


async def wait_until(condition: Callable[[], bool], *, limit: timedelta) -> bool:
    """Whether `condition` came true within `limit`. For what gives no other sign."""
    deadline = time.monotonic() + limit.total_seconds()
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL.total_seconds())
    return True


def _ending_with_us(command: Sequence[str]) -> list[str]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return list(command)
    return [setpriv, "--pdeathsig", "TERM", "--", *command]
