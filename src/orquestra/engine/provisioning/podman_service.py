"""Podman's Docker-compatible service, run by the engine where only the program is there."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import struct
from datetime import timedelta
from pathlib import Path

from orquestra.engine.daemon import Daemon, wait_until
from orquestra.engine.errors import ConfigurationError, ProvisioningError
from orquestra.engine.provisioning import podman_trial

_SOCKET_FILE = "podman.sock"
_LOG_FILE = "podman.log"
_LONGEST_SOCKET_PATH = 107
_START_LIMIT = timedelta(seconds=15)
_END_LIMIT = timedelta(seconds=5)
_RETRY = timedelta(seconds=2)

_log = logging.getLogger(__name__)


class PodmanService:
    """`podman system service` on a socket in `runtime_dir`, for as long as the engine runs.

    Started again where it ends by itself; containers run on meanwhile.
    """

    def __init__(self, podman: str, runtime_dir: Path) -> None:
        self._podman = podman
        self._runtime_dir = runtime_dir
        self._socket = runtime_dir / _SOCKET_FILE
        self._daemon: Daemon | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start the service in place of one that an earlier engine may have left; its URL."""
        self._prepare_folder()
        await self._end_predecessor()
        try:
            daemon = await self._start_daemon()
        except BaseException:
            podman_trial.forget_options(self._runtime_dir)
            raise
        self._watch = asyncio.create_task(self._keep_running(daemon))
        return self._url

    async def stop(self) -> None:
        """End the service. Containers run on without it."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._daemon is not None:
            await self._daemon.stop()
            self._socket.unlink(missing_ok=True)
            (self._runtime_dir / _LOG_FILE).unlink(missing_ok=True)

    @property
    def _url(self) -> str:
        return f"unix://{self._socket}"

    async def _start_daemon(self) -> Daemon:
        options = await asyncio.to_thread(
            podman_trial.working_options, self._podman, self._runtime_dir
        )
        self._socket.unlink(missing_ok=True)
        service = ["system", "service", "--time=0", self._url]
        self._daemon = await Daemon.start(
            [self._podman, *options.arguments(), *service], log=self._runtime_dir / _LOG_FILE
        )
        try:
            await self._wait_until_it_listens(self._daemon)
        except BaseException:
            await self._daemon.stop()
            raise
        return self._daemon

    async def _keep_running(self, daemon: Daemon) -> None:
        while True:
            await daemon.wait()
            _log.error(
                "podman's service has ended and is started again: %s",
                daemon.last_output(),
                extra={"event": "podman_service_ended"},
            )
            try:
                daemon = await self._start_daemon()
            except (ProvisioningError, OSError) as error:
                _log.error("%s", error, extra={"event": "podman_service_failed"})
                await asyncio.sleep(_RETRY.total_seconds())

    def _prepare_folder(self) -> None:
        if len(os.fsencode(self._socket)) > _LONGEST_SOCKET_PATH:
            raise ConfigurationError(
                f"The path {self._socket} is too long for a socket (at most "
                f"{_LONGEST_SOCKET_PATH} bytes); choose a data folder with a shorter path."
            )
        self._runtime_dir.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def _end_predecessor(self) -> None:
        pid = _listener(self._socket)
        if pid is not None and _is_podman_service(pid, self._socket):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            await wait_until(lambda: _listener(self._socket) is None, limit=_END_LIMIT)

    async def _wait_until_it_listens(self, daemon: Daemon) -> None:
        listens = await daemon.wait_until(
            lambda: _listener(self._socket) is not None, limit=_START_LIMIT
        )
        if not listens:
            raise ProvisioningError(
                "podman is installed, but its service did not start: "
                f"{daemon.last_output() or 'it said nothing'}. "
                "Make `podman system service` work for this user, or install Docker."
            )


def _listener(path: Path) -> int | None:
    """The process that listens on a socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return None
        credentials = connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
        )
    pid: int = struct.unpack("3i", credentials)[0]
    return pid


def _is_podman_service(pid: int, path: Path) -> bool:
    """Whether it is podman's service on our socket, and no other program."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"service" in arguments and f"unix://{path}".encode() in arguments
