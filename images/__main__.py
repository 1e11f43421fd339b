"""The command line: `python -m images build` and `python -m images custom`."""

import argparse
import sys
from pathlib import Path

from images.build import Options, build_images
from images.builders import find_builder
from images.custom import CustomImage, build_custom
from images.errors import BuildError
from images.parents import DEFAULT_PYTHON, PARENTS
from images.recipe import FLAVORS, LOCAL_REPOSITORY

_EPILOG = """\
Where pip of this machine is set up for a certificate authority or an index of its own
(`pip config list`), builds get the same settings: mounted read-only, never part of an image.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    given = argument_parser().parse_args(arguments)
    try:
        (_custom if given.command == "custom" else _build)(given)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _build(given: argparse.Namespace) -> None:
    options = Options(
        python=given.python or _own_minor(parent=given.parent),
        flavors=(given.only,) if given.only else FLAVORS,
        parent=given.parent,
        repository=given.repository,
        push=given.push,
        fresh=given.fresh,
        ca_bundle=given.ca_bundle,
        pip_config=given.pip_config,
    )
    for name in build_images(find_builder(given.builder), options):
        print(name)


def _custom(given: argparse.Namespace) -> None:
    image = CustomImage(
        folder=given.folder,
        tag=given.tag,
        push=given.push,
        ca_bundle=given.ca_bundle,
        pip_config=given.pip_config,
    )
    build_custom(find_builder(given.builder), image)
    print(image.tag)


def _own_minor(*, parent: str | None) -> str:
    """The minor version of the Python that runs this: tasks need that of their author's."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if own in PARENTS or parent is not None:
        return own
    print(f"No parent image is known for Python {own}: building for {DEFAULT_PYTHON}.")
    return DEFAULT_PYTHON


def argument_parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__, epilog=_EPILOG)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser(
        "build", help="build the base images; quick when nothing changed", epilog=_EPILOG
    )
    build.add_argument(
        "--python", metavar="MINOR", help="minor version (default: that of the running Python)"
    )
    build.add_argument("--only", choices=FLAVORS, help="build one flavor (default: both)")
    build.add_argument(
        "--parent",
        metavar="IMAGE",
        help="Debian or Ubuntu image to start from, for example one with CUDA (default: by the "
        "Python minor; made from Debian's packages where no registry is in reach)",
    )
    build.add_argument(
        "--repository",
        metavar="NAME",
        default=LOCAL_REPOSITORY,
        help="name of the images without their tags (default: %(default)s)",
    )
    build.add_argument(
        "--fresh", action="store_true", help="use nothing from before: newest parent and packages"
    )
    custom = commands.add_parser(
        "custom", help="build a Dockerfile of your own with the same pip settings", epilog=_EPILOG
    )
    custom.add_argument("folder", type=Path, help="folder with the Dockerfile")
    custom.add_argument("--tag", required=True, metavar="NAME", help="name of the image")
    for command in (build, custom):
        _add_shared(command)
    return parser


def _add_shared(command: argparse.ArgumentParser) -> None:
    command.add_argument("--push", action="store_true", help="push to the registry in the name")
    command.add_argument(
        "--builder",
        choices=("buildah", "docker", "podman"),
        help="program to build with (default: the first that works, in this order)",
    )
    command.add_argument(
        "--ca-bundle",
        type=Path,
        metavar="FILE",
        help="trusted CA certificates for pip during the build (default: those of pip here)",
    )
    command.add_argument(
        "--pip-config",
        type=Path,
        metavar="FILE",
        help="pip configuration for the build (default: the settings of pip here)",
    )


if __name__ == "__main__":
    sys.exit(main())
