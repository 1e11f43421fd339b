"""An image catalogue in memory, for tests and for trying admission without a registry.

It keeps the promises of `ImageCatalogue`: an unknown name is `ImageMissing`, and whatever else can
be wrong with an image is put in as the error that a registry's answer would have become.
"""

from orquestra.engine.errors import ImageMissing, RegistryError
from orquestra.engine.images.catalogue import ImageDescription
from orquestra.engine.images.manifests import digest_of
from orquestra.engine.images.passport import PYTHON_LABEL, RAY_LABEL, SDK_LABEL
from orquestra.engine.images.references import ImageReference


class MemoryCatalogue:
    """Images by name, as put in. `asked` lists the questions in order.

    Example:
        >>> import asyncio
        >>> catalogue = MemoryCatalogue()
        >>> catalogue.put("registry.example.com/solver:1", orquestra_image(content="solver"))
        >>> reference = ImageReference.parse("registry.example.com/solver:1")
        >>> asyncio.run(catalogue.describe(reference, architecture="amd64")).user
        'orquestra'
    """

    def __init__(self) -> None:
        self._answers: dict[ImageReference, ImageDescription | RegistryError] = {}
        self.asked: list[ImageReference] = []

    def put(self, name: str, answer: ImageDescription | RegistryError) -> None:
        """Have an image under a name, or an error that asking for it ends in."""
        reference = ImageReference.parse(name)
        self._answers[reference] = answer
        if isinstance(answer, ImageDescription):
            self._answers[reference.pinned(answer.digest)] = answer

    async def describe(self, reference: ImageReference, *, architecture: str) -> ImageDescription:  # noqa: ARG002 - the labels of all builds are one here
        """Describe an image, see `ImageCatalogue`."""
        self.asked.append(reference)
        answer = self._answers.get(reference)
        if answer is None:
            raise ImageMissing(
                f"does not exist ({reference.registry} has no {reference.repository} of that tag)"
            )
        if isinstance(answer, RegistryError):
            raise answer
        return answer


def orquestra_image(
    *,
    content: str,
    sdk: str = "2.0.0a1",
    ray: str = "2.60.0",
    python: str = "3.11.2",
    architectures: tuple[str, ...] = ("amd64",),
) -> ImageDescription:
    """An image built from a base image; `content` stands for what is in it and makes its digest."""
    return ImageDescription(
        digest=digest_of(content.encode()),
        architectures=architectures,
        labels={SDK_LABEL: sdk, RAY_LABEL: ray, PYTHON_LABEL: python},
        user="orquestra",
    )
