"""The names of configurations: those that are built in, and those that follow from addresses."""

import warnings
from collections.abc import Mapping
from urllib.parse import urlsplit

from orquestra.sdk.exceptions import RuntimeConfigError
from orquestra.sdk.schema.configs import RuntimeConfiguration

IN_PROCESS_NAME = "in_process"
LOCAL_NAME = "local"
RAY_NAME = "ray"
"""How release 1.1 calls the local runtime; both names mean the same."""
AUTO_NAME = "auto"

RESERVED_NAMES = frozenset({IN_PROCESS_NAME, RAY_NAME, LOCAL_NAME, AUTO_NAME})


def config_name_of(uri: str) -> str:
    """The name under which a Compute Engine is saved: its address up to the first dot.

    Raises:
        RuntimeConfigError: the text is no address of a Compute Engine, or it holds credentials.
        ValueError: the name means a local runtime.
    """
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise _no_address(uri) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _no_address(uri)
    if "@" in parts.netloc:
        raise RuntimeConfigError(
            f"The address of the Compute Engine at {parts.hostname} holds a user name, which no "
            'engine takes. Leave out what stands before the "@"; the token is the login.'
        )
    name = parts.netloc.split(".", 1)[0]
    if name in RESERVED_NAMES:
        raise ValueError(
            f"A Compute Engine at {uri!r} would be saved as {name!r}, which means a local runtime. "
            "Reach it by another host name."
        )
    return name


def free_name(uri: str, *, saved: Mapping[str, RuntimeConfiguration]) -> str:
    """The name under which the Compute Engine at the address is to be saved beside others.

    It is that of `config_name_of`. Where another engine has it, it is the name that this one has
    already, else host and port together, of which a warning tells.

    Raises:
        RuntimeConfigError: the text is no address, or it holds credentials.
        ValueError: the name means a local runtime.
    """
    name, full_name = config_name_of(uri), urlsplit(uri).netloc
    places = {name: _place(saved_as) for name, saved_as in saved.items()}
    if places.get(name, "") in {"", full_name}:
        return name
    for other, place in places.items():
        if place == full_name:
            return other
    warnings.warn(
        f"Another Compute Engine is saved as {name!r}, so the login of {uri} is saved as "
        f"{full_name!r}.",
        stacklevel=3,
    )
    return full_name


def _no_address(uri: str) -> RuntimeConfigError:
    return RuntimeConfigError(
        f"{uri!r} is not the address of a Compute Engine. "
        'Write it with its scheme, like "https://engine.example.com".'
    )


def _place(entry: RuntimeConfiguration) -> str:
    uri = entry.runtime_options.get("uri")
    try:
        return urlsplit(uri).netloc if isinstance(uri, str) else ""
    except ValueError:  # text that is no address at all
        return ""
