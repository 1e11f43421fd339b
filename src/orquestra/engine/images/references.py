"""Names of container images, read as every container tool reads them.

The grammar is the one of the distribution project's reference package:
`[registry/]repository[:tag][@digest]`, with Docker Hub as the registry of names without one.
"""

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Self

from orquestra.engine.errors import InvalidImageName

DOCKER_HUB = "docker.io"
BUILT_HERE = "localhost"
"""In place of a registry: how podman names what was built on a machine and not for a registry."""

DEFAULT_TAG = "latest"
MAX_PART_LENGTH = 255

_HOST_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(
    rf"(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[a-fA-F0-9:]+\])(?::(?P<port>[0-9]{{1,5}}))?",
    re.ASCII,
)
_PORTS = range(1, 65536)
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PATH_PART}(?:/{_PATH_PART})*", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ImageReference:
    """One image in one registry, by tag, by digest, or by both (then the digest counts).

    Attributes:
        registry: Host, with the port if it is not the usual one: `127.0.0.1:5000`.
        repository: Path inside the registry: `team/solver`.
        tag: A name that may move: `1.0`. None only where there is a digest.
        digest: The hash that names the content: `sha256:...`.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name as a user writes it; a missing registry and tag get their defaults.

        Raises:
            InvalidImageName: It is not the name of an image.
        """
        name, has_digest, digest = text.partition("@")
        # A colon before the last slash belongs to the port of the registry.
        head, slash, last = name.rpartition("/")
        last, has_tag, tag = last.partition(":")
        registry, repository = _split_registry(f"{head}{slash}{last}")
        _require(text, matches=_is_registry(registry), part="registry")
        _require(text, matches=_is_repository(repository), part="repository")
        _require(text, matches=not has_tag or _TAG.fullmatch(tag), part="tag")
        _require(text, matches=not has_digest or _DIGEST.fullmatch(digest), part="digest")
        default_tag = None if has_digest else DEFAULT_TAG
        return cls(
            registry=registry,
            repository=repository,
            tag=tag or default_tag,
            digest=digest or None,
        )

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    @property
    def version(self) -> str:
        """What the registry is asked for: the digest where there is one, else the tag."""
        return self.digest or self.tag or DEFAULT_TAG

    @property
    def host(self) -> str:
        """Host of the registry without its port and without the brackets of IPv6."""
        host = re.sub(r":[0-9]+$", "", self.registry)
        return host.strip("[]")

    def pinned(self, digest: str) -> Self:
        """The same image by digest alone, as it is recorded and run."""
        return replace(self, tag=None, digest=digest)


def is_loopback(host: str) -> bool:
    """Whether a host name without port can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split_registry(name: str) -> tuple[str, str]:
    """Separate host and path. The first part is a host only where it looks like one."""
    first, slash, rest = name.partition("/")
    looks_like_host = "." in first or ":" in first or first == "localhost" or first != first.lower()
    if not slash or not looks_like_host:
        registry, repository = DOCKER_HUB, name
    else:
        registry, repository = first, rest
    if registry == f"index.{DOCKER_HUB}":
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def _is_registry(text: str) -> bool:
    # The pattern needs quadratic time on hostile text, so nothing long may reach it.
    match = _REGISTRY.fullmatch(text) if len(text) <= MAX_PART_LENGTH else None
    return match is not None and int(match["port"] or 1) in _PORTS


def _is_repository(text: str) -> bool:
    return len(text) <= MAX_PART_LENGTH and _REPOSITORY.fullmatch(text) is not None


def _require(text: str, *, matches: object, part: str) -> None:
    if not matches:
        raise InvalidImageName(
            f"{_shortened(text)!r} is not the name of an image, its {part} cannot be right; "
            "write [REGISTRY/]REPOSITORY[:TAG][@DIGEST], "
            "for example registry.example.com/team/solver:1.0"
        )


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_PART_LENGTH else f"{text[:MAX_PART_LENGTH]}..."
