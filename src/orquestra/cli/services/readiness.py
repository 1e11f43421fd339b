"""What a local engine says of itself when it is asked whether it is ready."""

from dataclasses import dataclass

import httpx

from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.local_engine import LocalEngineFile


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """`trouble` says why it is not ready; `cluster` is `ready` or `warming`, where it is told."""

    is_ready: bool
    trouble: str | None = None
    cluster: str | None = None


def ask(file: LocalEngineFile) -> Readiness:
    """Ask the engine that wrote the file."""
    try:
        response = local_engine.get(file, "/readyz")
        answer = dict(response.json())
    except (httpx.HTTPError, ValueError, TypeError) as error:
        return Readiness(is_ready=False, trouble=str(error))
    return Readiness(
        is_ready=response.is_success, trouble=answer.get("reason"), cluster=answer.get("cluster")
    )
