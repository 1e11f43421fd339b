"""The image catalogue that asks registries, by the distribution project's HTTP protocol."""

import asyncio
import json
from datetime import timedelta
from functools import cached_property
from typing import Self

import httpx

from orquestra.engine.errors import ImageMissing, RegistryError, RegistryUnreachable
from orquestra.engine.images.catalogue import ImageDescription
from orquestra.engine.images.credentials import Logins
from orquestra.engine.images.manifests import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    Configuration,
    Index,
    Manifest,
    digest_of,
    read_configuration,
    read_manifest,
    verify,
)
from orquestra.engine.images.references import ImageReference, is_loopback
from orquestra.engine.images.registry_connection import Answer, RegistryConnection, no_registry

CONNECT_TIMEOUT = timedelta(seconds=5)
DESCRIBE_TIMEOUT = timedelta(seconds=10)
MAX_KEPT_CONFIGURATIONS = 256
MAX_REDIRECTS = 3
MAX_TAGS_SHOWN = 10

_MANIFESTS = ", ".join([*INDEX_TYPES, *MANIFEST_TYPES])


class RegistryClient:
    """Describes images by manifest and configuration; nothing is pulled.

    Use it as an async context manager, or close it. Configurations are kept by digest: they can
    never change. Manifests are asked for each time, since a tag may move and a right may end.
    """

    def __init__(
        self,
        *,
        logins: Logins | None = None,
        connect_timeout: timedelta = CONNECT_TIMEOUT,
        timeout: timedelta = DESCRIBE_TIMEOUT,
    ) -> None:
        self._logins = logins or Logins()
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._configurations: dict[str, Configuration] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for name in ("_local_http", "_http"):
            client = self.__dict__.pop(name, None)
            if client:
                await client.aclose()

    async def describe(self, reference: ImageReference, *, architecture: str) -> ImageDescription:
        """Describe an image, see `ImageCatalogue`."""
        registry = reference.registry
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await self._describe(reference, architecture=architecture)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise RegistryUnreachable(
                f"cannot be looked up because {registry} did not answer in time"
            ) from error
        except (httpx.NetworkError, httpx.ProxyError) as error:
            raise RegistryUnreachable(
                f"cannot be looked up because {registry} cannot be reached ({error})"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise no_registry(reference) from error

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            timeout=self._timeouts(),
            max_redirects=MAX_REDIRECTS,
            event_hooks={"request": [_stay_outside]},
        )

    @cached_property
    def _local_http(self) -> httpx.AsyncClient:
        # The proxy of the environment, if any, is for other machines.
        return httpx.AsyncClient(timeout=self._timeouts(), trust_env=False)

    def _timeouts(self) -> httpx.Timeout:
        return httpx.Timeout(
            self._timeout.total_seconds(), connect=self._connect_timeout.total_seconds()
        )

    async def _describe(self, reference: ImageReference, *, architecture: str) -> ImageDescription:
        http = self._local_http if is_loopback(reference.host) else self._http
        connection = RegistryConnection(http, reference=reference, logins=self._logins)
        digest, manifest = await self._manifest(connection, reference=reference)
        architectures: tuple[str, ...] = ()
        if isinstance(manifest, Index):
            architectures = tuple(dict.fromkeys(build.architecture for build in manifest.builds))
            build = reference.pinned(manifest.choose(architecture).digest)
            _, manifest = await self._manifest(connection, reference=build)
        if isinstance(manifest, Index):
            raise RegistryError("is broken because its index names another index")
        configuration = await self._configuration(connection, manifest=manifest)
        return ImageDescription(
            digest=digest,
            architectures=architectures or (configuration.architecture,),
            labels=configuration.labels,
            entrypoint=configuration.entrypoint,
            command=configuration.command,
            user=configuration.user,
            size=manifest.size,
        )

    async def _manifest(
        self, connection: RegistryConnection, *, reference: ImageReference
    ) -> tuple[str, Index | Manifest]:
        answer = await connection.get(f"manifests/{reference.version}", accept=_MANIFESTS)
        if answer.status == httpx.codes.NOT_FOUND:
            raise await _missing(connection, reference=reference, answer=answer)
        if answer.status != httpx.codes.OK or "json" not in answer.media_type:
            raise no_registry(reference)
        if reference.digest:
            verify(answer.body, digest=reference.digest)
        manifest = read_manifest(answer.body, media_type=answer.media_type)
        return reference.digest or digest_of(answer.body), manifest

    async def _configuration(
        self, connection: RegistryConnection, *, manifest: Manifest
    ) -> Configuration:
        digest = manifest.configuration_digest
        if digest not in self._configurations:
            # Registries with a store elsewhere send us there; the digest says what must arrive.
            answer = await connection.get(f"blobs/{digest}", accept="*/*", follow_redirects=True)
            if answer.status != httpx.codes.OK:
                raise RegistryError("is broken because its registry has no configuration for it")
            verify(answer.body, digest=digest)
            self._keep(digest, configuration=read_configuration(answer.body))
        return self._configurations[digest]

    def _keep(self, digest: str, *, configuration: Configuration) -> None:
        if len(self._configurations) >= MAX_KEPT_CONFIGURATIONS:
            del self._configurations[next(iter(self._configurations))]
        self._configurations[digest] = configuration


async def _stay_outside(request: httpx.Request) -> None:
    """Keep a far registry from sending the engine to a service of its own machine."""
    if is_loopback(request.url.host):
        raise RegistryError(
            f"cannot be looked up because its registry sends us to {request.url.host}"
        )


async def _missing(
    connection: RegistryConnection, *, reference: ImageReference, answer: Answer
) -> RegistryError:
    """What is missing: the repository, or only the tag or digest in it."""
    registry, repository = reference.registry, reference.repository
    if not _is_registry_error(answer):
        return no_registry(reference)
    tags = await _known_tags(connection)
    if tags is None:
        return ImageMissing(f"does not exist ({registry} has no repository {repository})")
    what = f"digest {reference.digest}" if reference.digest else f"tag {reference.tag}"
    only = f", only {_enumerate(tags)}" if tags and not reference.digest else ""
    return ImageMissing(f"does not exist ({repository} at {registry} has no {what}{only})")


async def _known_tags(connection: RegistryConnection) -> list[str] | None:
    """Tags of the repository, empty where they cannot be known; None: there is no repository."""
    try:
        listing = await connection.get("tags/list", accept="application/json")
    except RegistryError:
        return []
    if listing.status == httpx.codes.NOT_FOUND:
        return None
    tags = _json_object(listing.body).get("tags")
    return sorted(str(tag) for tag in tags) if isinstance(tags, list) else []


def _enumerate(tags: list[str]) -> str:
    more = len(tags) - MAX_TAGS_SHOWN
    return ", ".join(tags[:MAX_TAGS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _is_registry_error(answer: Answer) -> bool:
    content = _json_object(answer.body)
    return isinstance(content.get("errors"), list)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
