"""The connection to a container engine through the client library."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import docker
import docker.errors

_TIMEOUT = timedelta(seconds=60)
_ANSWER_TIMEOUT = timedelta(seconds=5)
_OLDEST_API = "1.24"
"""Named where nothing depends on it: without, the client library asks before we do."""


@dataclass(frozen=True, kw_only=True)
class Pong:
    """What a container engine says of itself when it is only pinged."""

    kind: Literal["docker", "podman"]
    api_version: str


def ping(
    url: str,
    *,
    environment: Mapping[str, str] = os.environ,
    timeout: timedelta = _ANSWER_TIMEOUT,
) -> Pong:
    """Ask the container engine at `url` who it is.

    By its headers: podman takes a second for the full answer, since it asks the package manager
    where its parts come from. Raises `docker.errors.DockerException`, or `requests`' errors,
    where something else or nothing answers.
    """
    client = _client(url, environment=environment, timeout=timeout, version=_OLDEST_API)
    try:
        answer = client.api.get(f"{client.api.base_url}/_ping", timeout=timeout.total_seconds())
    finally:
        client.close()
    if not answer.ok or "Api-Version" not in answer.headers:
        raise docker.errors.DockerException(f"status {answer.status_code} and no API version")
    return Pong(
        kind="podman" if "Libpod-Api-Version" in answer.headers else "docker",
        api_version=answer.headers["Api-Version"],
    )


def connect(url: str, *, environment: Mapping[str, str] = os.environ, connections: int = 4) -> Any:
    """A client of the container engine at `url`; TLS as the Docker variables say.

    Raises what `ping` does.
    """
    version = ping(url, environment=environment).api_version
    return _client(
        url, environment=environment, timeout=_TIMEOUT, version=version, connections=connections
    )


def _client(
    url: str,
    *,
    environment: Mapping[str, str],
    timeout: timedelta,
    version: str,
    connections: int = 1,
) -> Any:
    return docker.DockerClient.from_env(
        environment={**environment, "DOCKER_HOST": url},
        timeout=timeout.total_seconds(),
        max_pool_size=connections,
        version=version,
    )
