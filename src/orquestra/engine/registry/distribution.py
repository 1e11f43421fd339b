"""The registry that the engine runs itself: CNCF Distribution on a loopback address."""

import asyncio
import json
import shutil
import socket
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from orquestra.engine.daemon import Daemon
from orquestra.engine.errors import ConfigurationError
from orquestra.engine.registry import podman_trust, port_owner

_PROGRAMS = ("docker-registry", "registry")
"""Debian's name of the program, and its makers'."""
_CONFIGURATION_FILE = "distribution.yml"
_LOG_FILE = "distribution.log"
_START_LIMIT = timedelta(seconds=10)


class LocalRegistry:
    """Distribution on `host:port` with its images in `data`, for as long as the context lasts.

    Docker reaches a registry on a loopback address over plain HTTP by itself; podman is told to,
    for this one address and this long.

    Raises `ConfigurationError` where the program is missing, the port is taken, or the registry
    does not start, with the setting to change.
    """

    def __init__(self, data: Path, *, host: str = "127.0.0.1", port: int = 5000) -> None:
        self._data = data
        self._host = host
        self._port = port
        self._daemon: Daemon | None = None

    @property
    def address(self) -> str:
        """`host:port`, as image names begin."""
        return f"{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        program = _program()
        self._require_free_port()
        self._data.mkdir(parents=True, exist_ok=True)
        configuration = self._data / _CONFIGURATION_FILE
        configuration.write_text(render_configuration(self._data, address=self.address))
        self._daemon = await Daemon.start(
            [program, "serve", str(configuration)], log=self._data / _LOG_FILE
        )
        try:
            await self._wait_until_it_answers(self._daemon)
        except BaseException:
            await self._daemon.stop()
            raise
        await asyncio.to_thread(podman_trust.grant, self.address)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(podman_trust.withdraw, self.address)
        if self._daemon is not None:
            await self._daemon.stop()

    def _require_free_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as error:
                raise ConfigurationError(
                    f"The image registry cannot listen on {self.address}: "
                    f"{_why_not(error, port=self._port)}. Stop that program, or set another "
                    "`port` under [registry] in the engine's configuration file; to use a "
                    "registry that runs already, set `start = false` there."
                ) from error

    async def _wait_until_it_answers(self, daemon: Daemon) -> None:
        answers = await daemon.wait_until(
            lambda: _answers(self._host, self._port), limit=_START_LIMIT
        )
        if not answers:
            raise ConfigurationError(
                f"The image registry did not start on {self.address}: "
                f"{daemon.last_output() or 'it said nothing'}. Correct [registry] in the "
                "engine's configuration file."
            )


def render_configuration(data: Path, *, address: str) -> str:
    """Distribution's configuration file. JSON, which is YAML that needs no quoting rules."""
    configuration = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(data)},
            "delete": {"enabled": True},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {"addr": address},
    }
    return json.dumps(configuration, indent=2) + "\n"


def _program() -> str:
    for name in _PROGRAMS:
        program = shutil.which(name)
        if program is not None:
            return program
    raise ConfigurationError(
        "The Compute Engine runs an image registry, but the program docker-registry is not "
        "installed. Install it (Debian, Ubuntu: sudo apt-get install docker-registry), or use "
        "a registry elsewhere: set `start = false` under [registry] in the engine's "
        "configuration file and name the base images' place there in [images] repository."
    )


def _why_not(error: OSError, *, port: int) -> str:
    owner = port_owner.listener_on(port)
    if owner is not None:
        return f"{owner} listens there already"
    return (error.strerror or str(error)).lower()


def _answers(host: str, port: int) -> bool:
    """Whether a registry answers, logins wanted or not; asked once more while it starts."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(f"GET /v2/ HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            return connection.recv(12).startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))
    except OSError:
        return False
