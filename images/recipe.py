"""What goes into a base image, read from this repository: versions, names, labels, inputs."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from images.errors import BuildError
from images.parents import DEFAULT_PYTHON

Flavor = Literal["base", "cuda"]
FLAVORS: tuple[Flavor, ...] = ("base", "cuda")

LOCAL_REPOSITORY = "localhost/orquestra-sdk-base"
INPUTS_LABEL = "io.orquestra.build.inputs"
"""The fingerprint of everything that an image was built from."""

_SOURCES = ("pyproject.toml", "README.md", "LICENSE", "constraints.txt")
_OWN_SOURCES = ("Containerfile", "cuda-libraries.txt")
_VERSION = re.compile(r"\d+(\.\w+)*")


@dataclass(frozen=True, kw_only=True)
class Project:
    """What `pyproject.toml` says of the SDK. `requirements` include those of its Ray extra."""

    version: str
    license: str
    source: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What is really inside of an image, asked of its own Python."""

    python: str
    ray: str


def read_project(root: Path) -> Project:
    """The part of `pyproject.toml` that images need."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Project(
        version=project["version"],
        license=project["license"],
        source=project["urls"]["Source"],
        requirements=(*project["dependencies"], *project["optional-dependencies"]["ray"]),
    )


def tags(version: str, *, flavor: Flavor, python: str) -> tuple[str, ...]:
    """The tags of one image: with its Python minor always, without it for the default minor."""
    plain = version if flavor == "base" else f"{version}-{flavor}"
    full = f"{plain}-py{python}"
    return (plain, full) if python == DEFAULT_PYTHON else (full,)


def labels(
    project: Project, *, flavor: Flavor, versions: Versions, parent: str, fingerprint: str
) -> dict[str, str]:
    """The labels of an image: OCI's own names, and the passport that custom images inherit.

    The time of the build is left out: it would make each build differ from the last.
    """
    suffix = "" if flavor == "base" else f" with {flavor.upper()}"
    return {
        "org.opencontainers.image.title": f"Orquestra SDK base{suffix}",
        "org.opencontainers.image.description": "Parent of the images that run Orquestra tasks.",
        "org.opencontainers.image.version": project.version,
        "org.opencontainers.image.licenses": project.license,
        "org.opencontainers.image.source": project.source,
        "org.opencontainers.image.base.name": parent,
        "io.orquestra.sdk.version": project.version,
        "io.orquestra.ray.version": versions.ray,
        "io.orquestra.python.version": versions.python,
        INPUTS_LABEL: fingerprint,
    }


VERSIONS_COMMAND = (
    "python",
    "-c",
    "import platform, importlib.metadata as m; print(platform.python_version(), m.version('ray'))",
)


def parse_versions(printed: str) -> Versions:
    """What `VERSIONS_COMMAND` printed."""
    words = printed.split()
    if len(words) != len(("python", "ray")) or not all(map(_VERSION.fullmatch, words)):
        raise BuildError(f"Two versions were expected of the new image, this came: {printed!r}.")
    return Versions(python=words[0], ray=words[1])


def fingerprint(root: Path, *, flavor: Flavor, python: str, parent: str | None) -> str:
    """One digest over everything of this repository that ends up in an image, and the options."""
    digest = hashlib.sha256(f"{flavor} {python} {parent}".encode())
    for path in _inputs(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def lay_out_context(root: Path, context: Path) -> Path:
    """Write the files that the Containerfile copies, the wheel's folder still empty; returns it.

    Their times are fixed, so that a builder recognises unchanged files.
    """
    project = read_project(root)
    own = root / "images"
    files: Mapping[str, str] = {
        "Containerfile": (own / "Containerfile").read_text(encoding="utf-8"),
        "cuda-libraries.txt": (own / "cuda-libraries.txt").read_text(encoding="utf-8"),
        "constraints.txt": (root / "constraints.txt").read_text(encoding="utf-8"),
        "requirements.txt": "\n".join([*project.requirements, ""]),
    }
    for name, text in files.items():
        (context / name).write_text(text, encoding="utf-8")
    wheel = context / "wheel"
    wheel.mkdir()
    return wheel


def _inputs(root: Path) -> Iterator[Path]:
    yield from (root / name for name in _SOURCES)
    yield from (root / "images" / name for name in _OWN_SOURCES)
    packaged = (root / "src" / "orquestra").rglob("*")
    yield from sorted(path for path in packaged if path.is_file() and path.suffix != ".pyc")
