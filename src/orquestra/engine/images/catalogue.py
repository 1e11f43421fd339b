"""The contract of an image catalogue: what can be known of an image without pulling it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from orquestra.engine.images.references import ImageReference


@dataclass(frozen=True, kw_only=True)
class ImageDescription:
    """What manifest and configuration say of an image.

    Attributes:
        digest: What the name stands for now; of an index, where the image has several platforms.
        architectures: Architectures for which there is a Linux build: `amd64`, `arm64`.
        labels: Labels of the build for the architecture asked for (else of the first build);
            so are the fields below.
        entrypoint: Command of the image that a container would run.
        command: Arguments of it, or the command where there is no entrypoint.
        user: Who a container would be; empty means root.
        size: Bytes to pull where none of the image is present yet.
        present: Whether it lies on this machine, and `digest` is what is to be run as it is.
    """

    digest: str
    architectures: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    size: int = 0
    present: bool = False


class ImageCatalogue(Protocol):
    """Answers what an image is, in seconds, without pulling it."""

    async def describe(self, reference: ImageReference, *, architecture: str) -> ImageDescription:
        """Describe an image; several calls may run at once.

        Raises:
            ImageMissing: There is no such repository, tag or digest.
            ImageNotReadable: It may exist, but not for us.
            RegistryUnreachable: Nothing answered in time.
            NotARegistry: Something else answered.
            RegistryError: The registry failed, or what it holds is not an image.
            ContainerEngineMissing: Nothing here could run it.

        Each message says what was found, as a clause that follows the name of the image; what to
        do about it is for the caller to say.
        """
        ...
