"""Finding the container engine of this machine."""

import asyncio
import logging
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal

import docker.errors
import requests

from orquestra.engine.errors import ContainerEngineMissing
from orquestra.engine.provisioning import engine_client
from orquestra.engine.provisioning.podman_service import PodmanService

_log = logging.getLogger(__name__)

_ANSWER_TIMEOUT = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True)
class ContainerEngine:
    """A container engine that has answered, and where."""

    kind: Literal["docker", "podman"]
    url: str


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Somewhere to look, and what to call it."""

    name: str
    url: str


class ContainerEngineService:
    """The container engine, found or started: `async with ContainerEngineService(dir) as engine`.

    Looked for in this order: `DOCKER_HOST` (where it is set, nothing else is tried), Docker's
    socket, podman's socket. Where only the podman program is there, its service is started with
    its socket in `runtime_dir`, and stopped at the end; containers outlive it.

    Raises `ContainerEngineMissing` with what was looked for and how to get one.
    """

    def __init__(self, runtime_dir: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self._runtime_dir = runtime_dir
        self._environment = os.environ if environment is None else environment
        self._service: PodmanService | None = None

    async def __aenter__(self) -> ContainerEngine:
        found, refusals = await asyncio.to_thread(_search, self._environment)
        if found is not None:
            return found
        podman = _podman_program(self._environment)
        if podman is None:
            raise ContainerEngineMissing(_advice(refusals))
        self._service = PodmanService(podman, self._runtime_dir)
        return ContainerEngine(kind="podman", url=await self._service.start())

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._service is not None:
            await self._service.stop()


def _search(environment: Mapping[str, str]) -> tuple[ContainerEngine | None, list[str]]:
    """The first engine that answers, and why those before it did not."""
    chosen = environment.get("DOCKER_HOST")
    if chosen:
        answer = _ask(_Place(name="DOCKER_HOST", url=chosen), environment)
        if isinstance(answer, ContainerEngine):
            return answer, []
        raise ContainerEngineMissing(
            f"DOCKER_HOST is set to {chosen}, but {answer}. "
            "Start that container engine, correct DOCKER_HOST, or unset it to look elsewhere."
        )
    refusals: list[str] = []
    for place in _places(environment):
        answer = _ask(place, environment)
        if isinstance(answer, ContainerEngine):
            return answer, refusals
        _log.info("%s: %s", place.name, answer, extra={"event": "container_engine_refused"})
        refusals.append(f"{place.name} ({place.url}): {answer}")
    return None, refusals


def _places(environment: Mapping[str, str]) -> Iterator[_Place]:
    home = Path(environment.get("HOME") or Path.home())
    runtime = environment.get("XDG_RUNTIME_DIR")
    yield _socket("Docker", Path("/var/run/docker.sock"))
    if runtime:
        yield _socket("rootless Docker", Path(runtime, "docker.sock"))
    yield _socket("Docker Desktop", home / ".docker/run/docker.sock")
    yield _socket("Docker Desktop", home / ".docker/desktop/docker.sock")
    if os.geteuid() == 0:
        yield _socket("podman", Path("/run/podman/podman.sock"))
    elif runtime:
        yield _socket("podman", Path(runtime, "podman/podman.sock"))


def _socket(name: str, path: Path) -> _Place:
    return _Place(name=name, url=f"unix://{path}")


def _ask(place: _Place, environment: Mapping[str, str]) -> ContainerEngine | str:
    """The engine there, or why there is none."""
    if place.url.startswith("ssh://"):
        return "a container engine on another machine cannot be used"
    problem = _socket_problem(place.url)
    if problem is not None:
        return problem
    try:
        pong = engine_client.ping(place.url, environment=environment, timeout=_ANSWER_TIMEOUT)
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        return _refusal(error)
    return ContainerEngine(kind=pong.kind, url=place.url)


def _socket_problem(url: str) -> str | None:
    """Why a Unix socket cannot be used, before anything is said through it."""
    if not url.startswith("unix://"):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_ANSWER_TIMEOUT.total_seconds())
            probe.connect(url.removeprefix("unix://"))
    except OSError as error:
        problems = (why for kind, why in _SOCKET_PROBLEMS.items() if isinstance(error, kind))
        return next(problems, f"the socket cannot be used: {error}")
    return None


_NO_ANSWER = (
    f"something listens there, but did not answer within {_ANSWER_TIMEOUT.seconds} s; "
    "restart the container engine"
)

_SOCKET_PROBLEMS: dict[type[OSError], str] = {
    FileNotFoundError: "there is no such socket",
    PermissionError: "this user may not use the socket (for Docker: sudo usermod -aG docker $USER, "
    "then log in again)",
    ConnectionRefusedError: "the socket exists, but no program listens on it; "
    "start the container engine",
    TimeoutError: _NO_ANSWER,
}


def _refusal(error: Exception) -> str:
    # A program that hangs has a full queue of connections first, and then no time.
    if any(sign in str(error).lower() for sign in ("timed out", "temporarily unavailable")):
        return _NO_ANSWER
    return f"it does not answer as a container engine does: {error}"


def _podman_program(environment: Mapping[str, str]) -> str | None:
    """Podman itself; on a Mac the program only reaches into a virtual machine."""
    if sys.platform != "linux":
        return None
    return shutil.which("podman", path=environment.get("PATH"))


def _advice(refusals: list[str]) -> str:
    looked = "".join(f"\n  - {refusal}" for refusal in refusals)
    fix = (
        "Start Docker Desktop, or install it."
        if sys.platform == "darwin"
        else "Install one (Debian, Ubuntu: sudo apt-get install podman netavark aardvark-dns; "
        "or Docker Engine or Docker Desktop), or set DOCKER_HOST to the one to use."
    )
    return (
        "Found neither Docker nor podman, which the Compute Engine needs to run tasks in "
        f"containers. Looked at:{looked}\n  - the program podman: not installed\n{fix}"
    )
