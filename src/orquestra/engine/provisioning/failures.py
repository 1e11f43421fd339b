"""What container engines answer when they cannot do something, in words a user can act on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import docker.errors
import requests

from orquestra.engine.errors import ContainerEngineAway, ProvisioningError


@dataclass(frozen=True, kw_only=True)
class _Explanation:
    pattern: str
    meaning: str


_DISK = _Explanation(
    pattern="no space left on device|disk quota exceeded",
    meaning="The disk of the container engine is full; free space, for example by removing "
    "images that nobody needs (docker image prune, podman image prune).",
)

_OF_PULLS = (
    _DISK,
    _Explanation(
        pattern="unauthorized|authentication required|access.* denied|no basic auth|forbidden",
        meaning="The registry does not let this machine read the image; log in with docker "
        "login or podman login, as the user who runs the Compute Engine.",
    ),
    _Explanation(
        pattern="server gave http response to https client",
        meaning="The registry speaks plain HTTP, which is accepted from this machine's own "
        "addresses only; give the registry a certificate.",
    ),
    _Explanation(
        pattern="x509|certificate",
        meaning="The certificate of the registry is not trusted by the container engine; add "
        "its authority to those that the container engine trusts.",
    ),
    _Explanation(
        pattern="manifest unknown|name unknown|not found|no such image|does not exist",
        meaning="The registry has no such image; check its name and push it.",
    ),
    _Explanation(
        pattern="connection refused|no such host|timeout|timed out|unreachable|no route|dial tcp",
        meaning="The registry could not be reached; check its address and the network.",
    ),
)

_OF_LAUNCHES = (
    _DISK,
    _Explanation(
        pattern="no such image|image not known",
        meaning="The image is not present on this machine; it has to be pulled first.",
    ),
    _Explanation(
        pattern="non-overlapping|fully subnetted|no free private network|subnets? available",
        meaning="No address range is left for another network; remove networks that nobody "
        "needs (docker network prune) or give the container engine larger address pools.",
    ),
    _Explanation(
        pattern="cannot allocate memory",
        meaning="The machine has no memory left; stop other programs or use smaller nodes.",
    ),
    _Explanation(
        pattern="unable to set memory limit|minimum memory limit",
        meaning="The memory of a node is too small to start anything in it; ask for more.",
    ),
    _Explanation(
        pattern="executable file not found|no such file or directory",
        meaning="The image does not contain the program that a node runs; build it FROM "
        "the Orquestra base image.",
    ),
)


def explain_pull(reason: str) -> str:
    """What a failed pull means, followed by the engine's own words."""
    return _explain(reason, _OF_PULLS)


def explain_launch(reason: str) -> str:
    """What a failed launch means, followed by the engine's own words."""
    return _explain(reason, _OF_LAUNCHES)


def reason_of(error: Exception) -> str:
    """The container engine's own words, without the client library's."""
    if isinstance(error, docker.errors.APIError) and error.explanation:
        return str(error.explanation).strip()
    return str(error).strip() or type(error).__name__


@contextmanager
def provisioning_errors(doing: str) -> Iterator[None]:
    """Turn the client library's errors into ours. `doing`: `launching orq-…`."""
    try:
        yield
    except docker.errors.DockerException as error:
        raise ProvisioningError(_failed(doing, explain_launch(reason_of(error)))) from error
    except requests.exceptions.Timeout as error:
        raise ContainerEngineAway(
            _failed(doing, "The container engine did not answer in time; check that it is well.")
        ) from error
    except requests.exceptions.RequestException as error:
        reason = f"The container engine does not answer any more: {reason_of(error)}"
        raise ContainerEngineAway(_failed(doing, reason)) from error


def _failed(doing: str, why: str) -> str:
    return f"Failed {doing}. {why}"


def _explain(reason: str, explanations: tuple[_Explanation, ...]) -> str:
    for explanation in explanations:
        if re.search(explanation.pattern, reason, re.IGNORECASE):
            return f"{explanation.meaning} ({reason})"
    return reason
