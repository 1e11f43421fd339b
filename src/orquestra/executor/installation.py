"""Installing Python packages for tasks: once per distinct set, on a node that needs them.

An environment is a folder below the environments' folder, which all nodes of an image share and
which outlives their cluster. It is built under a lock, and a marker, written last, says that it
is ready: what was interrupted is built anew. uv does the work where it is found; where it fails,
pip, which knows more options and reads pip's configuration, has the last word.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Timer
from typing import NamedTuple

from orquestra.executor.addresses import ENVIRONMENTS_VARIABLE
from orquestra.executor.git_logins import GitLogin, login_variables
from orquestra.executor.secret_access import SecretProblem, read_secret
from orquestra.executor.virtual_environments import python_of, see_image, tools
from orquestra.sdk.configuration.platform_login import SecretsLogin

TIME_LIMIT = timedelta(minutes=10)
MOST_LINES = 5000
_LONGEST_LINE = 4096
_LOCK_PAUSE = timedelta(milliseconds=200)
_READY = "orquestra-ready"
_HIDDEN = "***"


class InstallRequest(NamedTuple):
    """What to install. `key` is that of `environments.environment_key`.

    Passwords of the `logins` are read through `access`.
    """

    key: str
    packages: tuple[str, ...]
    options: tuple[str, ...] = ()
    logins: tuple[GitLogin, ...] = ()
    access: SecretsLogin | None = None


class InstallResult(NamedTuple):
    """The interpreter of the environment, or the problem: what the installer has written.

    `lines` are the last lines of its output, with their times (Unix seconds); there are none
    where the environment was there already.
    """

    python: str | None
    problem: str | None
    lines: list[tuple[float, str]]


class _Failed(Exception):
    """A step has failed; the text is the problem."""


class _Output:
    """What the programs have written, and until when they may go on."""

    def __init__(self, limit: timedelta) -> None:
        self.passwords: tuple[str, ...] = ()
        """What is not to be told, should a program write it."""
        self.lines: deque[tuple[float, str]] = deque(maxlen=MOST_LINES)
        self._limit = limit
        self._deadline = time.monotonic() + limit.total_seconds()

    def seconds_left(self) -> float:
        """How long the programs may go on."""
        return self._deadline - time.monotonic()

    def add(self, text: str) -> str:
        """Take a line; what can be told of it."""
        for password in self.passwords:
            text = text.replace(password, _HIDDEN)
        line = text.rstrip()[:_LONGEST_LINE]
        self.lines.append((time.time(), line))
        return line

    def too_late(self) -> _Failed:
        """The problem, once no time is left."""
        minutes = self._limit.total_seconds() / 60
        return _Failed(
            f"ERROR: Installing took longer than {minutes:g} minutes. Build an image that has "
            "these packages, and give it to the task as custom_image=."
        )


def install(request: InstallRequest, *, limit: timedelta = TIME_LIMIT) -> InstallResult:
    """See to it that an environment is there; on the node whose folder it is to lie in."""
    root = Path(os.environ[ENVIRONMENTS_VARIABLE])
    folder = root / _folder_name(request)
    if _is_ready(folder):
        return InstallResult(str(python_of(folder)), None, [])
    output = _Output(limit)
    try:
        with _locked(folder, output):
            if not _is_ready(folder):
                _build(folder, request, output)
    except _Failed as failed:
        return InstallResult(None, str(failed), list(output.lines))
    except OSError as error:
        return InstallResult(None, f"ERROR: {error}", list(output.lines))
    return InstallResult(str(python_of(folder)), None, list(output.lines))


def _folder_name(request: InstallRequest) -> str:
    """An environment belongs to the Python on which it stands."""
    python = f"{sys.version_info[:2]} {sys.prefix} {sys.base_prefix}"
    content = f"{request.key} {python}"
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _is_ready(folder: Path) -> bool:
    # The interpreter is a link to that of the image, or of the user's own environment.
    return (folder / _READY).exists() and python_of(folder).exists()


@contextmanager
def _locked(folder: Path, output: _Output) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if output.seconds_left() <= 0:
                    raise output.too_late() from None
                time.sleep(_LOCK_PAUSE.total_seconds())
        yield


def _build(folder: Path, request: InstallRequest, output: _Output) -> None:
    available = tools(folder)
    if not available:
        raise _Failed(
            f"ERROR: Neither uv nor pip is installed beside {sys.executable}. Install one of "
            "them there, or build an image that has the packages."
        )
    variables = {**_variables(folder.parent), **_login(request, output)}
    for tool in available:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _run(tool.create, output, variables)
            see_image(folder, tool)
            command = [*tool.install, *request.options, "--", *request.packages]
            _run(command, output, variables)
        except _Failed:
            if tool is available[-1] or output.seconds_left() <= 0:
                raise
            output.add(f"{tool.name} could not do it. pip tries it now.")
        else:
            (folder / _READY).touch()
            return


def _login(request: InstallRequest, output: _Output) -> dict[str, str]:
    try:
        passwords = [read_secret(login.password, request.access) for login in request.logins]
    except SecretProblem as problem:
        raise _Failed(f"ERROR: {problem}") from None
    output.passwords = tuple(found.strip() for found in passwords if found.strip())
    return login_variables(list(zip(request.logins, passwords, strict=True)))


def _run(command: Sequence[str], output: _Output, variables: Mapping[str, str]) -> None:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=variables,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    timer = Timer(max(output.seconds_left(), 0), _kill, (process,))
    timer.start()
    said = []
    with process:
        assert process.stdout
        for line in process.stdout:
            said.append(output.add(line))
            del said[:-MOST_LINES]
    timer.cancel()
    if process.returncode and output.seconds_left() <= 0:
        raise output.too_late()
    if process.returncode:
        raise _Failed("\n".join(said).strip() or f"ERROR: {command[0]} ended without a word.")


def _kill(process: "subprocess.Popen[str]") -> None:
    # Installers start compilers; the group gets them all.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _variables(root: Path) -> dict[str, str]:
    caches = root / f"caches-{os.getuid()}"
    defaults = {
        # On the same file system, so that uv links files instead of copying them.
        "UV_CACHE_DIR": str(caches / "uv"),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "UV_NO_PROGRESS": "1",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_PROGRESS_BAR": "off",
        "NO_COLOR": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return {**defaults, **os.environ}
