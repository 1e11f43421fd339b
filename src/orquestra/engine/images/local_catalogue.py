"""The image catalogue of the local runtime: this machine's own images first, then registries."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Protocol

from orquestra.engine.errors import ImageMissing
from orquestra.engine.images.catalogue import ImageCatalogue, ImageDescription
from orquestra.engine.images.references import BUILT_HERE, DOCKER_HUB, ImageReference

_OFFICIAL = "library/"


class ImageInspector(Protocol):
    """Whoever knows the images that are present on this machine."""

    async def inspect_image(self, name: str) -> Mapping[str, Any] | None:
        """An image's inspection in the Docker API's words; None where it is not present."""
        ...


class LocalCatalogue:
    """Describes an image that is present by its id, so that it need not be pushed anywhere.

    `inspector` gives the container engine, or raises `ContainerEngineMissing`.
    """

    def __init__(
        self, inspector: Callable[[], Awaitable[ImageInspector]], *, registries: ImageCatalogue
    ) -> None:
        self._inspector = inspector
        self._registries = registries

    async def describe(self, reference: ImageReference, *, architecture: str) -> ImageDescription:
        """Describe an image, see `ImageCatalogue`."""
        inspector = await self._inspector()
        for name in _names(reference):
            found = await inspector.inspect_image(name)
            if found is not None:
                return _description(found)
        if reference.registry == BUILT_HERE:
            raise ImageMissing("does not exist on this machine")
        return await self._registries.describe(reference, architecture=architecture)


def _names(reference: ImageReference) -> Iterator[str]:
    """What an image may be called here: a name without registry means two places."""
    yield str(reference)
    if reference.registry == DOCKER_HUB and reference.digest is None:
        # podman build puts such names under localhost, docker build leaves them as they are.
        name = reference.repository.removeprefix(_OFFICIAL)
        yield f"{BUILT_HERE}/{name}:{reference.version}"


def _description(found: Mapping[str, Any]) -> ImageDescription:
    config = found.get("Config") or {}
    return ImageDescription(
        digest=found["Id"],
        architectures=(found["Architecture"],),
        labels=config.get("Labels") or {},
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        user=config.get("User") or "",
        present=True,
    )
