"""Building a user's own Dockerfile where its `pip install` needs this machine's pip settings."""

from dataclasses import dataclass
from pathlib import Path

from images.builders import Build, Builder
from images.errors import BuildError
from images.trust import find_trust, mounted


@dataclass(frozen=True, kw_only=True)
class CustomImage:
    """A folder with a Dockerfile (or Containerfile), and the name that its image gets."""

    folder: Path
    tag: str
    push: bool = False
    ca_bundle: Path | None = None
    pip_config: Path | None = None


def build_custom(builder: Builder, image: CustomImage) -> None:
    """Build it as `docker build` would, with trust mounted, and push it if asked to."""
    found = [image.folder / name for name in ("Dockerfile", "Containerfile")]
    containerfile = next((path for path in found if path.is_file()), None)
    if containerfile is None:
        raise BuildError(f"{image.folder} has no Dockerfile. Name the folder that has it.")
    trust = find_trust(ca_bundle=image.ca_bundle, pip_config=image.pip_config)
    with mounted(trust) as mounts:
        builder.build(
            Build(context=image.folder, containerfile=containerfile, tag=image.tag, mounts=mounts)
        )
    if image.push:
        builder.push(image.tag)
