"""Logins to image registries, as `docker login` and `podman login` have left them."""

import base64
import binascii
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from orquestra.engine.images.references import DOCKER_HUB, ImageReference

HELPER_TIMEOUT = timedelta(seconds=5)

_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io")


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user of a registry."""

    username: str
    password: str = field(repr=False)


def login_files(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where logins are looked for: podman's files first, as podman itself does, then Docker's."""
    home = Path(environment.get("HOME", "/"))
    runtime = environment.get("XDG_RUNTIME_DIR")
    settings = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    docker = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    chosen = environment.get("REGISTRY_AUTH_FILE")
    return (
        *([Path(chosen)] if chosen else []),
        *([Path(runtime) / "containers" / "auth.json"] if runtime else []),
        settings / "containers" / "auth.json",
        docker / "config.json",
    )


class Logins:
    """Finds the login for an image. Files are read each time, so a new login counts at once."""

    def __init__(self, files: Sequence[Path] | None = None) -> None:
        self._files = login_files() if files is None else tuple(files)

    def find(self, reference: ImageReference) -> Login | None:
        """The most specific login for the image's repository, or None. It blocks for a moment."""
        for path in self._files:
            content = _read(path)
            for key in _keys(reference):
                login = _login(content, key)
                if login:
                    return login
        return None


def _keys(reference: ImageReference) -> Iterator[str]:
    """Names under which a login may stand: podman can keep one for a part of a registry."""
    parts = [reference.registry, *reference.repository.split("/")]
    for length in range(len(parts), 0, -1):
        yield "/".join(parts[:length])
    yield f"https://{reference.registry}"
    if reference.registry == DOCKER_HUB:
        yield from _HUB_KEYS


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        # An unreadable file is no login; the registry's own answer then says what is missing.
        return {}
    return content if isinstance(content, dict) else {}


def _login(content: Mapping[str, Any], key: str) -> Login | None:
    helper = (content.get("credHelpers") or {}).get(key)
    if helper:
        return _ask_helper(helper, key)
    entry = (content.get("auths") or {}).get(key)
    if entry is None:
        return None
    if entry.get("auth"):
        return _decode(entry["auth"])
    # Docker leaves an empty entry behind for each login that its store keeps.
    store = content.get("credsStore")
    return _ask_helper(store, key) if store else None


def _decode(encoded: str) -> Login | None:
    try:
        username, colon, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Login(username=username, password=password) if colon else None


def _ask_helper(name: str, key: str) -> Login | None:
    """Ask a credential helper, by the protocol that Docker defined for them."""
    try:
        answer = subprocess.run(
            [f"docker-credential-{name}", "get"],
            input=key.encode(),
            capture_output=True,
            timeout=HELPER_TIMEOUT.total_seconds(),
            check=True,
        )
        content = json.loads(answer.stdout)
        return Login(username=content["Username"], password=content["Secret"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None
