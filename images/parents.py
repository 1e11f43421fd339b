"""The image that a base image starts from: a public one, or one made from Debian's packages."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images.builders import Build, Builder
from images.commands import run
from images.errors import BuildError

DEFAULT_PYTHON = "3.11"
"""The minor version of the images without `-py…` in their tag.

It is Debian 12's, so these images can be built where no public registry is in reach.
"""


@dataclass(frozen=True, kw_only=True)
class Parent:
    """Where a Python minor comes from. `suite`: the Debian release that has it, if one has."""

    public: str
    suite: str | None


PARENTS: Mapping[str, Parent] = {
    # Ubuntu 22.04 has Python 3.11 too, but a release candidate of it (3.11.0rc1).
    "3.11": Parent(public="debian:bookworm-slim", suite="bookworm"),
    "3.12": Parent(public="ubuntu:24.04", suite=None),
    "3.13": Parent(public="debian:trixie-slim", suite="trixie"),
}

# Manual pages and translations, left out as Debian's own container images leave them out.
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
_KEPT = ("/usr/share/doc/*/copyright",)


def find_parent(builder: Builder, *, python: str, fresh: bool = False) -> str:
    """The name of a parent image that is on this machine and has this minor of Python.

    One from before is taken as it is, unless `fresh` asks for a new one.

    Raises:
        BuildError: no parent can be had; the message names `--parent`.
    """
    parent = PARENTS.get(python)
    if parent is None:
        raise BuildError(
            f"No parent image is known for Python {python} (known: {', '.join(PARENTS)}). Name "
            f"a Debian or Ubuntu image that has the packages python{python} and "
            f"python{python}-venv with --parent."
        )
    own = f"localhost/orquestra-parent:{parent.suite}"
    if not fresh:
        for name in (parent.public, own):
            if builder.find(name) is not None:
                return name
    try:
        builder.pull(parent.public)
    except BuildError as error:
        _bootstrap(builder, parent=parent, name=own, cause=error)
        return own
    return parent.public


def bootstrap_command(suite: str, archive: Path) -> list[str]:
    """The command that makes a minimal root file system of a Debian release."""
    return [
        "mmdebstrap",
        "--variant=minbase",
        "--skip=output/dev",  # device files cannot be unpacked without root
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
        *(f"--dpkgopt=path-include={pattern}" for pattern in _KEPT),
        suite,
        str(archive),
    ]


def _bootstrap(builder: Builder, *, parent: Parent, name: str, cause: BuildError) -> None:
    if parent.suite is None:
        raise BuildError(
            f"{parent.public} cannot be pulled, and no Debian release has this minor version of "
            "Python to make a parent from. Name an image that is in reach with --parent, or "
            f"choose another version with --python.\n{cause}"
        ) from cause
    if shutil.which("mmdebstrap") is None:
        raise BuildError(
            f"{parent.public} cannot be pulled, and mmdebstrap is not here to make a parent from "
            "Debian's packages. Install mmdebstrap, or name an image that is in reach with "
            f"--parent.\n{cause}"
        ) from cause
    print(f"{parent.public} is not in reach: making a parent from Debian's packages.", flush=True)
    with tempfile.TemporaryDirectory(prefix="orquestra-parent-") as folder:
        context = Path(folder)
        context.chmod(0o755)  # mmdebstrap may write as a user of its own
        archive = context / "root.tar"
        run(
            bootstrap_command(parent.suite, archive),
            failure=f"Debian {parent.suite} could not be unpacked.",
        )
        containerfile = context / "Containerfile"
        containerfile.write_text("FROM scratch\nADD root.tar /\n", encoding="utf-8")
        builder.build(Build(context=context, containerfile=containerfile, tag=name))
