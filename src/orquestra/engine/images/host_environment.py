"""The engine's own Python environment, described as if it were an image: what `HOST_IMAGE` is."""

import functools
import platform

from orquestra.engine.images.catalogue import ImageDescription
from orquestra.engine.images.passport import PYTHON_LABEL, RAY_LABEL, SDK_LABEL
from orquestra.sdk.packaging import PackagingError, get_installed_version
from orquestra.sdk.schema.cluster import HOST_IMAGE


@functools.cache
def describe_host(*, architecture: str) -> ImageDescription:
    """What it holds, when it is first asked. Without Ray in it, it lacks that label."""
    labels = {
        SDK_LABEL: get_installed_version("orquestra-sdk"),
        PYTHON_LABEL: platform.python_version(),
    }
    ray = ray_version()
    if ray is not None:
        labels[RAY_LABEL] = ray
    return ImageDescription(
        digest=HOST_IMAGE,
        architectures=(architecture,),
        labels=labels,
        user="orquestra",
        present=True,
    )


def ray_version() -> str | None:
    """The version of Ray that is installed beside the engine, if it is."""
    try:
        return get_installed_version("ray")
    except PackagingError:
        return None
