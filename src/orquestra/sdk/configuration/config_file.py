"""The file in which logins are saved.

Saving reads the file, changes it and writes it again. Two guards make that safe: an exclusive
lock on `config.json.lock`, so that no update is lost when two programs save at once (release 1.1
locks the same file in the same way), and a rename of a complete new file over the old one, so
that readers need no lock and never see half a file. Only the user may read it: it holds tokens.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pydantic

from orquestra.sdk.configuration.private_files import replace_file
from orquestra.sdk.exceptions import (
    ConfigFileNotFoundError,
    ConfigNameNotFoundError,
    RuntimeConfigError,
)
from orquestra.sdk.schema.configs import RuntimeConfiguration, RuntimeConfigurationFile

try:
    import fcntl
except ImportError:  # Windows, where the rename alone has to do
    fcntl = None  # type: ignore[assignment]

PATH_VARIABLE = "ORQ_CONFIG_PATH"


def config_path() -> Path:
    """Where the file is: where ORQ_CONFIG_PATH says, else in the home folder."""
    configured = os.environ.get(PATH_VARIABLE)
    path = Path(configured) if configured else Path.home() / ".orquestra" / "config.json"
    return path.resolve()


def read_configs() -> dict[str, RuntimeConfiguration]:
    """All saved logins by name; none where there is no file.

    An entry has the name under which it stands in the file, whatever it says of itself.

    Raises:
        RuntimeConfigError: the file cannot be read.
    """
    return _read(config_path()).configs


def read_config(name: str) -> RuntimeConfiguration:
    """One saved login.

    Raises:
        ConfigFileNotFoundError: nothing has been saved yet.
        ConfigNameNotFoundError: nothing has been saved under that name.
        RuntimeConfigError: the file cannot be read, or the login is damaged.
    """
    if not config_path().exists():
        raise ConfigFileNotFoundError(
            f"There is no saved login: {config_path()} does not exist. "
            "Log in first: `orq login -s URL -t TOKEN`."
        )
    configs = read_configs()
    if name not in configs:
        raise ConfigNameNotFoundError(
            f"There is no saved login {name!r}. "
            f"Saved are: {', '.join(sorted(configs)) or '(none)'}."
        )
    for option in ("uri", "token"):
        if not isinstance(configs[name].runtime_options.get(option), str | None):
            raise RuntimeConfigError(
                f"The login {name!r} has a {option} that is no text. "
                f"`orq login -s URL --name {name}` replaces it."
            )
    return configs[name]


def text_option(entry: RuntimeConfiguration, option: str) -> str:
    """An option of a login, such as its `uri`; empty where it is missing or no text."""
    value = entry.runtime_options.get(option)
    return value if isinstance(value, str) else ""


@contextlib.contextmanager
def changing_configs() -> Iterator[dict[str, RuntimeConfiguration]]:
    """All saved logins by name, to be changed: nobody else saves one until they are written.

    Raises:
        RuntimeConfigError: the existing file cannot be read, so it is left alone.
    """
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path.with_name(f"{path.name}.lock")):
        content = _read(path)
        yield content.configs
        replace_file(path, text=content.model_dump_json(indent=2))


def why_unreadable(error: OSError | pydantic.ValidationError) -> str:
    """What is wrong with the file, and where in it."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _read(path: Path) -> RuntimeConfigurationFile:
    try:
        content = RuntimeConfigurationFile.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return RuntimeConfigurationFile()
    except (OSError, pydantic.ValidationError) as error:
        raise RuntimeConfigError(
            f"The saved logins in {path} cannot be read: {why_unreadable(error)}. "
            "Repair the file, or move it away and log in again."
        ) from error
    for name, entry in content.configs.items():
        entry.config_name = name
    return content


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # which gives the lock back
