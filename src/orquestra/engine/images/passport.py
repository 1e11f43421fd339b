"""An image's passport: what its labels say it holds, against what a run needs.

Base images carry the labels, and every image built FROM one inherits them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from orquestra.engine.images.catalogue import ImageDescription

SDK_LABEL = "io.orquestra.sdk.version"
RAY_LABEL = "io.orquestra.ray.version"
PYTHON_LABEL = "io.orquestra.python.version"


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """What an image must have to be part of a run.

    Attributes:
        sdk: Version of the engine's SDK; the image's may be older, of the same major version.
        ray: Version of the head's Ray, exactly; None asks for any.
        python_minor: Python of the author, as `3.11`.
        architecture: That of the machine, as `amd64`.
    """

    sdk: str
    ray: str | None
    python_minor: str
    architecture: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with an image; the first two are clauses about "it".

    `rebuild` says whether building it anew from the right base image is the answer.
    """

    found: str
    needed: str
    rebuild: bool = True


def check(image: ImageDescription, *, requirement: Requirement) -> tuple[Finding, ...]:
    """All that keeps an image from being part of a run; nothing where it may."""
    return tuple(_findings(image, requirement=requirement))


def _findings(image: ImageDescription, *, requirement: Requirement) -> Iterator[Finding]:
    if requirement.architecture not in image.architectures:
        yield Finding(
            found=f"is built for {' and '.join(image.architectures)}",
            needed=f"nodes here are {requirement.architecture}",
            rebuild=False,
        )
    labels = image.labels
    missing = [label for label in (SDK_LABEL, RAY_LABEL, PYTHON_LABEL) if not labels.get(label)]
    if missing:
        yield Finding(
            found=f"has no label {missing[0]}",
            needed="every node needs what a base image of Orquestra holds",
        )
        return
    yield from _version_findings(
        sdk=labels[SDK_LABEL],
        ray=labels[RAY_LABEL],
        python=labels[PYTHON_LABEL],
        requirement=requirement,
    )


def _version_findings(
    *, sdk: str, ray: str, python: str, requirement: Requirement
) -> Iterator[Finding]:
    if requirement.ray is not None and ray != requirement.ray:
        yield Finding(
            found=f"holds Ray {ray}", needed=f"the head of the run has Ray {requirement.ray}"
        )
    if _minor(python) != requirement.python_minor:
        yield Finding(
            found=f"holds Python {python}",
            needed=f"the workflow was written with Python {requirement.python_minor}",
        )
    if not _sdk_is_known(sdk, engine=requirement.sdk):
        yield Finding(
            found=f"holds SDK {sdk}",
            needed=f"this engine runs SDK {_major(requirement.sdk)}.x up to {requirement.sdk}",
        )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _major(version: str) -> str:
    return version.split(".", maxsplit=1)[0]


def _sdk_is_known(version: str, *, engine: str) -> bool:
    """Same major version, and not newer. What follows a `+` names a build, not a version."""
    try:
        image_version = Version(Version(version).public)
    except InvalidVersion:
        return False
    engine_version = Version(Version(engine).public)
    return image_version.major == engine_version.major and image_version <= engine_version
