"""Starting the local engine as a process that goes on without its terminal."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.services import readiness
from orquestra.cli.services.patience import wait_for
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.local_engine import LocalEngineFile

START_LIMIT = timedelta(seconds=60)

_END_LIMIT = timedelta(seconds=30)
"""How long an engine may take to end open requests and to take its cluster away."""

_SHOWN_LINES = 15


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """How a local engine is started."""

    data: Path
    port: int = 0
    simulated_gpus: int = 0

    @property
    def command(self) -> list[str]:
        """The command line: this Python, and nothing imported from the current folder."""
        serve = [sys.executable, "-P", "-m", "orquestra.cli", "engine", "serve", "--local"]
        gpus = ["--simulate-gpu", str(self.simulated_gpus)] if self.simulated_gpus else []
        return [*serve, "--data", str(self.data), "--port", str(self.port), *gpus]


def log_path(data: Path) -> Path:
    """Where the engine's own log is."""
    return data / "engine.log"


def wait_for_other(data: Path) -> LocalEngineFile | None:
    """The engine that works on the data already, once it is ready; None where there is none.

    Raises:
        Failure: there is one, but it does not answer.
    """
    found = local_engine.find(data)
    if found is not None or local_engine.holder(data) is None:
        return found
    wait_for(
        lambda: local_engine.find(data) or local_engine.holder(data) is None,
        within=START_LIMIT,
        text="Waiting for the local engine that starts or stops",
    )
    found, pid = local_engine.find(data), local_engine.holder(data)
    if found is None and pid is not None:
        raise Failure(
            f"the local engine, process {pid}, does not answer",
            code=ExitCode.SERVICES,
            hint=f"`orq restart` ends it and starts another; its log is {log_path(data)}",
        )
    return found


def start(options: StartOptions) -> LocalEngineFile:
    """Start a local engine and wait until it is ready.

    Where another one on the same data is ready first, as when two terminals say `orq up` at the
    same time, that one is given.

    Raises:
        Failure: it ended, or is not ready in time; the end of its log says why.
    """
    data = options.data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log_path(data).open("ab") as log:
        log_begin = log.tell()
        process = _launch(options, log=log)
    try:
        wait_for(
            lambda: _ready(data) or (process.poll() is not None and not local_engine.holder(data)),
            within=START_LIMIT,
            text="Starting the local engine",
        )
    except KeyboardInterrupt:
        _end(process)
        raise
    ready = _ready(data)
    if ready is None:
        trouble = _trouble(process, data=data)
        _end(process)
        raise _failure(data, trouble=trouble, log_begin=log_begin)
    process.returncode = 0  # it goes on without us; Popen would warn of that
    return ready


def _launch(options: StartOptions, *, log: BinaryIO) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        options.command,
        cwd=options.data,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _ready(data: Path) -> LocalEngineFile | None:
    file = local_engine.find(data)
    return file if file is not None and readiness.ask(file).is_ready else None


def _trouble(process: "subprocess.Popen[bytes]", *, data: Path) -> str:
    if process.poll() is not None:
        return f"it ended with exit code {process.returncode}"
    file = local_engine.find(data)
    trouble = readiness.ask(file).trouble if file else None
    return trouble or f"it was not ready after {START_LIMIT.total_seconds():.0f} s"


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_LIMIT.total_seconds())
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _failure(data: Path, *, trouble: str, log_begin: int) -> Failure:
    failure = Failure(
        f"the local engine did not start: {trouble.rstrip('.')}. Its log ends with:",
        code=ExitCode.SERVICES,
        hint=f"all of the log is in {log_path(data)}",
    )
    with log_path(data).open("rb") as log:
        log.seek(log_begin)
        written = log.read().decode(errors="replace").splitlines()
    failure.details = [f"  {line}" for line in written[-_SHOWN_LINES:]]
    return failure
