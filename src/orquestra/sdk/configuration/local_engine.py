"""The engine of the local runtime: where it keeps its data, and the file by which it is found.

The engine writes the file when it is ready and deletes it when it stops serving. One that was
killed leaves its file behind, so having the file proves nothing: whoever needs to know connects.
That a process works on the data at all shows in the lock it holds, which the kernel takes back in
any case. Heads, nodes and containers of one that was killed show in traces of their own: they may
begin before the file is written, and end after it was deleted.
"""

import contextlib
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pydantic

from orquestra.sdk.configuration.private_files import replace_file

if TYPE_CHECKING:
    import httpx

try:
    import fcntl
except ImportError:  # Windows, where no engine runs
    fcntl = None  # type: ignore[assignment]

DATA_VARIABLE = "ORQ_LOCAL_DATA"

_ANSWER_SECONDS = 2


class LocalEngineFile(pydantic.BaseModel):
    """What a running local engine tells of itself; `token` opens its HTTP API."""

    model_config = pydantic.ConfigDict(frozen=True)

    pid: int
    url: str
    token: str = pydantic.Field(repr=False)
    version: str


def data_folder() -> Path:
    """Where the local runtime keeps its data: as ORQ_LOCAL_DATA says, else in the home folder."""
    configured = os.environ.get(DATA_VARIABLE)
    path = Path(configured) if configured else Path.home() / ".orquestra" / "local"
    return path.expanduser().resolve()


def file_path(data: Path) -> Path:
    """Where the file of the engine with that data is."""
    return data / "run" / "engine.json"


def read(data: Path) -> LocalEngineFile | None:
    """The file of the engine with that data; None where there is none, or none that is whole."""
    try:
        return LocalEngineFile.model_validate_json(file_path(data).read_bytes())
    except (OSError, pydantic.ValidationError):
        return None


def write(data: Path, file: LocalEngineFile) -> None:
    """Say that an engine with that data is ready. Only the user may read it."""
    path = file_path(data)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, text=file.model_dump_json(indent=2))


def delete(data: Path) -> None:
    """Say that there is no such engine any more."""
    file_path(data).unlink(missing_ok=True)


def container_trace(data: Path) -> Path:
    """The file that is there as long as there may be containers of the engine with that data."""
    return data / "run" / "containers"


def has_left_something(data: Path) -> bool:
    """Whether an engine that ended has left something behind, as one that was killed does.

    Each run cluster has a folder, which is made before its first process and goes with its last.
    """
    traces = (file_path(data), container_trace(data))
    return any(path.exists() for path in traces) or any((data / "run" / "clusters").glob("*"))


def find(data: Path) -> LocalEngineFile | None:
    """The running engine with that data, if it answers."""
    file = read(data)
    return file if file is not None and answers(file) else None


def answers(file: LocalEngineFile) -> bool:
    """Whether the engine that wrote the file answers; another on its port knows no such token."""
    import httpx

    try:
        return get(file, "/api/workflow-runs?pageSize=1").is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def get(file: LocalEngineFile, path: str) -> "httpx.Response":
    """Ask the engine that wrote the file; raises as httpx does."""
    import httpx  # slow to import, and most programs that read the file do not come here

    return httpx.get(
        f"{file.url}{path}",
        headers={"Authorization": f"Bearer {file.token}"},
        timeout=_ANSWER_SECONDS,
        trust_env=False,  # a proxy of the environment leads away from this machine
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # loading certificates is slow; none serve
    )


def lock_path(data: Path) -> Path:
    """The file that an engine holds locked as long as it lives; it has its process id in it."""
    return data / "run" / "engine.lock"


def holder(data: Path) -> int | None:
    """The process that works on the data: it starts, serves, stops or hangs. None where none is."""
    if fcntl is None:
        return None
    with contextlib.suppress(FileNotFoundError), lock_path(data).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # given back when the file is closed
        except BlockingIOError:
            return int(file.read() or 0) or None  # empty for the moment in which it is taken
    return None
