"""Building and publishing images, with the commands that a user has; skipped where up to date."""

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REGISTRY = "127.0.0.1:5000"
BASE_REPOSITORY = f"{REGISTRY}/orquestra/orquestra-sdk-base"

_BASE_INPUTS = (
    "src/orquestra",
    "images",
    "pyproject.toml",
    "constraints.txt",
    "README.md",
    "LICENSE",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class PublishingFailed(Exception):
    """A command failed; it has said why."""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """An image, the command that builds and pushes it, and what it is made from."""

    name: str
    command: tuple[str, ...]
    inputs: tuple[Path, ...]


def publications(version: str) -> list[Publication]:
    """The base image of this release and the demo's two images, in the order of building."""
    base = Publication(
        name=f"{BASE_REPOSITORY}:{version}",
        command=("build", "--only", "base", "--repository", BASE_REPOSITORY, "--push"),
        inputs=tuple(ROOT / name for name in _BASE_INPUTS),
    )
    return [base, *(_custom(folder, base) for folder in ("sklearn", "gnuplot"))]


def publish(images: Iterable[Publication], *, record: Path) -> None:
    """Build and push every image that the registry lacks or whose inputs have changed.

    Raises:
        PublishingFailed: a command failed.
    """
    published = json.loads(record.read_text()) if record.exists() else {}
    for image in images:
        fingerprint = _fingerprint(image)
        if published.get(image.name) == fingerprint and _is_in_registry(image.name):
            print(f"{image.name} is up to date.")
            continue
        _run(image.command)
        published[image.name] = fingerprint
        record.write_text(json.dumps(published, indent=2))


def _custom(folder: str, base: Publication) -> Publication:
    # As `docker build` and `docker push` do, and with this machine's pip settings for the build.
    name = f"{REGISTRY}/demo/{folder}:1"
    path = HERE / folder
    return Publication(
        name=name,
        command=("custom", str(path.relative_to(ROOT)), "--tag", name, "--push"),
        inputs=(path, *base.inputs),
    )


def _run(arguments: tuple[str, ...]) -> None:
    print(f"$ python -m images {shlex.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "images", *arguments], cwd=ROOT, check=False)
    if done.returncode:
        raise PublishingFailed("The images could not be built; the reason is above.")


def _is_in_registry(name: str) -> bool:
    repository, _, tag = name.removeprefix(f"{REGISTRY}/").rpartition(":")
    address = f"http://{REGISTRY}/v2/{repository}/manifests/{tag}"
    try:
        answer = httpx.head(address, headers={"Accept": ", ".join(_MANIFESTS)}, timeout=10)
    except httpx.HTTPError:
        return False
    return answer.is_success


def _fingerprint(image: Publication) -> str:
    digest = hashlib.sha256(repr((image.command, sys.version_info[:2])).encode())
    for source in image.inputs:
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{file.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()
