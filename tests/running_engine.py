"""A real engine as a process of its own, as a user starts it, and the registry it serves."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
REGISTRY_PORT = int(os.environ.get("ORQUESTRA_TEST_REGISTRY_PORT", "5001"))
REGISTRY_DATA = ROOT / ".cache" / "test-registry"
REGISTRY = f"127.0.0.1:{REGISTRY_PORT}"
BASE = f"{REGISTRY}/orquestra/orquestra-sdk-base"
VERSION = "2.0.0a1"
ORQ = str(Path(sys.executable).with_name("orq"))
_START_LIMIT = 30
_STOP_LIMIT = 60
_LOOK = 0.05


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class RunningEngine:
    """`orq engine serve` on a data folder, with a user who is logged in."""

    data: Path
    configuration: Path | None = None
    local: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.data.parent / "engine.log").read_text()

    @property
    def engine_id(self) -> str:
        return (self.data / "engine.id").read_text().strip()

    def start(self) -> None:
        command = [ORQ, "engine", "serve", "--data", str(self.data), "--port", str(self.port)]
        if self.configuration is not None:
            command += ["--config", str(self.configuration)]
        if self.local:
            command += ["--local"]
        with (self.data.parent / "engine.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self.is_ready, within=_START_LIMIT, what=lambda: f"the engine:\n{self.log}")

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the engine ended:\n{self.log}"
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_STOP_LIMIT)
            self.process = None

    def token(self, user: str = "ada") -> str:
        return self.orq("engine", "token", "--user", user, "--data", str(self.data)).strip()

    def login(self) -> None:
        self.orq("login", "-s", self.url, "-t", self.token())

    def orq(
        self, *arguments: str, expect: int = 0, cwd: Path | None = None, stdin: str | None = None
    ) -> str:
        """Run the command line and give its standard output."""
        done = subprocess.run(
            [ORQ, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment(),
            cwd=cwd,
            timeout=120,
        )
        assert done.returncode == expect, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout if expect == 0 else done.stderr

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ORQ_CONFIG_PATH": str(self.data.parent / "config.json"),
            "ORQ_LOCAL_DATA": str(self.data),
        }


def wait_for(condition, *, within: float, what=lambda: "what was expected"):
    """Give the first true value of a condition, looked at again and again."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(_LOOK)
    raise AssertionError(f"{within} s were not enough for {what()}")


def run_quietly(command: Sequence[str], **options) -> str:
    """Run a program; its output is told only if it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=900, **options
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
