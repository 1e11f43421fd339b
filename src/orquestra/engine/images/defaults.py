"""Which base image a task gets that names none, and which the head of a run gets."""

import platform
from dataclasses import dataclass
from typing import Self

from packaging.version import InvalidVersion, Version

from orquestra.engine.images.references import ImageReference
from orquestra.sdk.packaging import get_installed_version
from orquestra.sdk.schema import ir

SUPPORTED_MAJOR = 2

_FIXED_NAMES = frozenset(
    {
        ir.DEFAULT_IMAGE,
        ir.DEFAULT_CUDA_IMAGE,
        ir.DEFAULT_HEAD_NODE_IMAGE,
        "zapatacomputing/orquestra-default:v0.0.0",
        "zapatacomputing/orquestra-nvidia:v0.0.0",
    }
)
_VERSIONED_NAME = "hub.nexus.orquestra.io/zapatacomputing/orquestra-sdk-base:"


def names_default_image(image: str | None) -> bool:
    """Whether a definition means "the default image": it names none, or one of old releases.

    Their registries are gone, so such a name can mean nothing else.
    """
    return not image or image in _FIXED_NAMES or image.startswith(_VERSIONED_NAME)


@dataclass(frozen=True, kw_only=True)
class DefaultImages:
    """The base images of one engine.

    Attributes:
        repository: Where they are: `127.0.0.1:5000/orquestra/orquestra-sdk-base`.
        sdk_version: Version of the engine itself, taken for definitions of older SDKs.
        python_minor: Python of the engine itself (`3.11`), taken where a definition says nothing.
        on_host: Whether tasks that name no image, and the head, run as processes of the machine,
            in the engine's own Python environment.
    """

    repository: str
    sdk_version: str
    python_minor: str
    on_host: bool = False

    @classmethod
    def of_this_engine(cls, repository: str, *, on_host: bool = False) -> Self:
        """The base images that go with the installed SDK and the running Python."""
        major, minor, _ = platform.python_version_tuple()
        return cls(
            repository=repository,
            sdk_version=Version(get_installed_version("orquestra-sdk")).public,
            python_minor=f"{major}.{minor}",
            on_host=on_host,
        )

    def sdk_version_for(self, definition: ir.WorkflowDef) -> str:
        """Version of the SDK in the base images of a definition."""
        if definition.metadata is None:
            return self.sdk_version
        stated = definition.metadata.sdk_version
        try:
            version = Version(stated.original)
        except InvalidVersion:
            return self.sdk_version
        return version.public if version.major >= SUPPORTED_MAJOR else self.sdk_version

    def python_minor_for(self, definition: ir.WorkflowDef) -> str:
        """Python of the author, as `3.11`: pickled functions run on no other minor version."""
        if definition.metadata is None:
            return self.python_minor
        stated = definition.metadata.python_version
        return f"{stated.major}.{stated.minor}"

    def image_for(self, definition: ir.WorkflowDef, *, gpu: bool) -> ImageReference:
        """The image of tasks that name none; of those with a GPU, the one with CUDA.

        Raises:
            InvalidImageName: The repository of the settings is none.
        """
        return self._reference(self._tag(definition, gpu=gpu))

    def own_image(self) -> ImageReference:
        """The image of definitions that were made with the engine's own SDK and Python."""
        return self._reference(f"{self.sdk_version}-py{self.python_minor}")

    def _reference(self, tag: str) -> ImageReference:
        return ImageReference.parse(f"{self.repository}:{tag}")

    def _tag(self, definition: ir.WorkflowDef, *, gpu: bool) -> str:
        cuda = "-cuda" if gpu else ""
        python = self.python_minor_for(definition)
        return f"{self.sdk_version_for(definition)}{cuda}-py{python}"
