"""A Compute Engine of the demo's own: started, waited for, and taken apart without a trace."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

START_LIMIT = timedelta(seconds=60)
CLEANUP_LIMIT = timedelta(seconds=60)
USUAL_PORT = 8300
ORQ = Path(sys.executable).with_name("orq")

SETTINGS = """\
[nodes]
idle_timeout = 8  # seconds; short, so that the demo shows nodes that vanish
standby = 0       # the demo has one run, for which it waits anyway
"""


class EngineTrouble(Exception):
    """The engine did not do what the demo needs; the message says what to look at."""


@dataclass(frozen=True, kw_only=True)
class LocalEngine:
    """A running engine."""

    uri: str
    data: Path
    process: subprocess.Popen[bytes]

    def token(self, user: str) -> str:
        """A login token, from the command that users have, too."""
        command = [ORQ, "engine", "token", "--user", user, "--data", self.data]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def is_ready(self) -> bool:
        """Whether the engine and all that it needs answer."""
        try:
            return httpx.get(f"{self.uri}/readyz", timeout=10).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def running_engine(data: Path) -> Iterator[LocalEngine]:
    """Start an engine on a data folder; stop it at the end, when its containers are gone."""
    engine = _start(data)
    try:
        yield engine
    finally:
        _stop(engine)


def find_leftovers(data: Path) -> list[str]:
    """Containers and networks that carry the label of the engine with this data folder."""
    name = data / "engine.id"
    if not name.exists():
        return []
    label = f"label=io.orquestra.engine={name.read_text().strip()}"
    found = []
    for program in filter(shutil.which, ("podman", "docker")):
        for kind in (["ps", "--all"], ["network", "ls"]):
            command = [program, *kind, "--quiet", "--filter", label]
            listed = subprocess.run(command, check=False, capture_output=True, text=True)
            # A client without its service has nothing to list, and says so with an exit status.
            if listed.returncode == 0:
                found += [f"{program} {kind[0]} {line}" for line in listed.stdout.split()]
    return found


def wait_until(condition: Callable[[], bool], *, limit: timedelta) -> bool:
    """Ask again and again; whether it came true in time."""
    deadline = time.monotonic() + limit.total_seconds()
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _start(data: Path) -> LocalEngine:
    data.mkdir(parents=True, exist_ok=True)
    settings, log = data / "engine.toml", data / "engine.log"
    settings.write_text(SETTINGS)
    port = _free_port()
    command = [ORQ, "engine", "serve", "--data", data, "--port", str(port), "--config", settings]
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches the demo, which then stops the engine in order.
        process = subprocess.Popen(command, stderr=output, start_new_session=True)
    engine = LocalEngine(uri=f"http://127.0.0.1:{port}", data=data, process=process)
    is_ready = False
    try:
        is_ready = wait_until(lambda: _is_ready(engine), limit=START_LIMIT)
    finally:
        if not is_ready:
            process.terminate()
            process.wait()
    if not is_ready:
        raise EngineTrouble(f"The engine was not ready in time. Its log is {log}.")
    return engine


def _is_ready(engine: LocalEngine) -> bool:
    if engine.process.poll() is not None:
        log = (engine.data / "engine.log").read_text().strip()
        raise EngineTrouble(f"The engine did not start. It said:\n{log[-2000:]}")
    return engine.is_ready()


def _stop(engine: LocalEngine) -> None:
    """Let it take its containers and networks away, then end it."""

    def is_done() -> bool:
        return engine.process.poll() is not None or not find_leftovers(engine.data)

    wait_until(is_done, limit=CLEANUP_LIMIT)
    engine.process.terminate()
    try:
        engine.process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        engine.process.kill()
        engine.process.wait()


def _free_port() -> int:
    """The usual port where it is free, else any."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EngineTrouble("No port is free on 127.0.0.1.")
