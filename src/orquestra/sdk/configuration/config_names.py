"""The names of configurations: those that are built in, and those that follow from addresses."""

import warnings
from urllib.parse import urlsplit

from orquestra.sdk.configuration.config_file import read_configs
from orquestra.sdk.exceptions import RuntimeConfigError

IN_PROCESS_NAME = "in_process"
LOCAL_NAME = "local"
RAY_NAME = "ray"
"""How release 1.1 calls the local runtime; both names mean the same."""
AUTO_NAME = "auto"

RESERVED_NAMES = frozenset({IN_PROCESS_NAME, RAY_NAME, LOCAL_NAME, AUTO_NAME})


def config_name_of(uri: str) -> str:
    """The name under which a Compute Engine is saved: its address up to the first dot.

    Raises:
        RuntimeConfigError: the text is no address of a Compute Engine.
        ValueError: the name means a local runtime.
    """
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RuntimeConfigError(
            f"{uri!r} is not the address of a Compute Engine. "
            'Write it with its scheme, like "https://engine.example.com".'
        )
    name = parts.netloc.split(".", 1)[0]
    if name in RESERVED_NAMES:
        raise ValueError(
            f"A Compute Engine at {uri!r} would be saved as {name!r}, which means a local runtime. "
            "Reach it by another host name."
        )
    return name


def is_taken(name: str, *, uri: str) -> bool:
    """Whether another Compute Engine than the one at the address is saved under the name."""
    saved = read_configs().get(name)
    address = saved.runtime_options.get("uri") if saved else None
    return urlsplit(address or "").netloc not in {"", urlsplit(uri).netloc}


def free_name(uri: str) -> str:
    """The name under which the Compute Engine at the address is to be saved.

    It is that of `config_name_of`; where another engine has it, host and port together, and a
    warning says so the first time.

    Raises:
        RuntimeConfigError: the text is no address, or the saved logins cannot be read.
        ValueError: the name means a local runtime.
    """
    name, full_name = config_name_of(uri), urlsplit(uri).netloc
    if not is_taken(name, uri=uri):
        return name
    if full_name not in read_configs():
        warnings.warn(
            f"Another Compute Engine is saved as {name!r}, so the login of {uri} is saved as "
            f"{full_name!r}.",
            stacklevel=3,
        )
    return full_name
