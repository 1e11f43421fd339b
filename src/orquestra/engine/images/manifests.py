"""What a registry stores for an image: indexes, manifests and configurations, in JSON.

Both dialects are read, OCI's and Docker's (schema 2); they differ in their media types only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orquestra.engine.errors import RegistryError

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CONFIGURATION_TYPES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


@dataclass(frozen=True, kw_only=True)
class Build:
    """One entry of an index: the image for one architecture (of Linux)."""

    architecture: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Index:
    """An image of several platforms; entries that are no Linux image are left out."""

    builds: tuple[Build, ...]

    def choose(self, architecture: str) -> Build:
        """The build for an architecture; the first where there is none, so it can be told of."""
        fitting = (build for build in self.builds if build.architecture == architecture)
        return next(fitting, self.builds[0])


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """An image of one platform."""

    configuration_digest: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What an image says of itself."""

    architecture: str
    labels: Mapping[str, str]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    user: str


def read_manifest(body: bytes, *, media_type: str) -> Index | Manifest:
    """Read what a registry gave as a manifest.

    Raises:
        RegistryError: It is not an image that can be run here.
    """
    content = _read_object(body)
    kind = media_type.partition(";")[0].strip()
    try:
        if kind in INDEX_TYPES:
            return _index(content)
        if kind in MANIFEST_TYPES and content["config"]["mediaType"] in CONFIGURATION_TYPES:
            return _manifest(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise RegistryError("is broken because its manifest is not complete") from error
    raise RegistryError(f"is not a container image that can be run (it is of the type {kind!r})")


def read_configuration(body: bytes) -> Configuration:
    """Read the configuration of an image.

    Raises:
        RegistryError: It is none.
    """
    content = _read_object(body)
    try:
        inner = content.get("config") or {}
        return Configuration(
            architecture=content["architecture"],
            labels=dict(inner.get("Labels") or {}),
            entrypoint=tuple(inner.get("Entrypoint") or ()),
            command=tuple(inner.get("Cmd") or ()),
            user=inner.get("User") or "",
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RegistryError("is broken because its configuration is not complete") from error


def digest_of(body: bytes, *, algorithm: str = "sha256") -> str:
    """The digest under which a registry keeps these bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def verify(body: bytes, *, digest: str) -> None:
    """Make sure that the bytes are those that the digest names.

    Raises:
        RegistryError: They are others.
    """
    algorithm, _, _ = digest.partition(":")
    if digest_of(body, algorithm=algorithm) != digest:
        raise RegistryError(
            f"is broken because its registry gives other content than {digest} names"
        )


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise RegistryError("is broken because its description is not JSON") from error
    if not isinstance(content, dict):
        raise RegistryError("is broken because its description is not a JSON object")
    return content


def _index(content: Mapping[str, Any]) -> Index:
    # Build tools add attestations as entries of the platform "unknown".
    builds = tuple(
        Build(architecture=entry["platform"]["architecture"], digest=entry["digest"])
        for entry in content["manifests"]
        if (entry.get("platform") or {}).get("os") == "linux"
    )
    if not builds:
        raise RegistryError("has no build for Linux")
    return Index(builds=builds)


def _manifest(content: Mapping[str, Any]) -> Manifest:
    parts = [content["config"], *content["layers"]]
    return Manifest(
        configuration_digest=content["config"]["digest"],
        size=sum(part["size"] for part in parts),
    )
