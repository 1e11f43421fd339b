"""Building the base images: what has to be built, in which order, and the check of the result."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from images.builders import Build, Builder
from images.commands import run
from images.errors import BuildError
from images.parents import find_parent
from images.recipe import (
    FLAVORS,
    INPUTS_LABEL,
    LOCAL_REPOSITORY,
    VERSIONS_COMMAND,
    Flavor,
    fingerprint,
    labels,
    lay_out_context,
    parse_versions,
    read_project,
    tags,
)
from images.trust import find_trust, mounted

ROOT = Path(__file__).resolve().parent.parent
_EPOCH = 0  # the time of every file in a context: a builder then sees whether its content changed


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to build. None: found out (parent, CA bundle, pip configuration)."""

    python: str
    flavors: Sequence[Flavor] = FLAVORS
    parent: str | None = None
    repository: str = LOCAL_REPOSITORY
    push: bool = False
    fresh: bool = False
    ca_bundle: Path | None = None
    pip_config: Path | None = None


def build_images(builder: Builder, options: Options) -> list[str]:
    """Build what is missing or out of date; returns all names of the images, pushed or local."""
    stale = _out_of_date(builder, options)
    replaced = [builder.find(_local_name(flavor, options)) for flavor in stale]
    if stale:
        _build(builder, stale, options)
    names = _publish(builder, options)
    for image in filter(None, replaced):
        builder.discard(image.id)
    return names


def _publish(builder: Builder, options: Options) -> list[str]:
    version = read_project(ROOT).version
    names = []
    for flavor in options.flavors:
        for tag in tags(version, flavor=flavor, python=options.python):
            name = f"{options.repository}:{tag}"
            builder.tag(_local_name(flavor, options), name)
            if options.push:
                builder.push(name)
            names.append(name)
    return names


def _out_of_date(builder: Builder, options: Options) -> dict[Flavor, str]:
    """The flavors to build, each with the fingerprint of its inputs as they are now."""
    stale = {}
    for flavor in options.flavors:
        found = builder.find(_local_name(flavor, options))
        inputs = fingerprint(ROOT, flavor=flavor, python=options.python, parent=options.parent)
        if options.fresh or found is None or found.labels.get(INPUTS_LABEL) != inputs:
            stale[flavor] = inputs
    return stale


def _build(builder: Builder, stale: Mapping[Flavor, str], options: Options) -> None:
    parent = options.parent or find_parent(builder, python=options.python, fresh=options.fresh)
    trust = find_trust(ca_bundle=options.ca_bundle, pip_config=options.pip_config)
    with _context() as context, mounted(trust) as mounts:
        common = Build(
            context=context,
            containerfile=context / "Containerfile",
            tag="",
            arguments={"PARENT": parent, "PYTHON": options.python},
            mounts=mounts,
        )
        for flavor, inputs in stale.items():
            with _timed(f"{_local_name(flavor, options)} from {parent}"):
                layers = _build_layers(builder, flavor, common=common, options=options)
                passport = labels(
                    read_project(ROOT),
                    flavor=flavor,
                    versions=parse_versions(builder.output(layers, VERSIONS_COMMAND)),
                    parent=parent,
                    fingerprint=inputs,
                )
                name = _local_name(flavor, options)
                builder.build(replace(common, tag=name, target=flavor, labels=passport))


def _build_layers(builder: Builder, flavor: Flavor, *, common: Build, options: Options) -> str:
    """Build what is below the wheel, under a name that keeps it from being pruned."""
    below = "dependencies" if flavor == "base" else "cuda-dependencies"
    name = f"localhost/orquestra-{below}:py{options.python}"
    # The second flavor shares the layers that the first one has just renewed.
    renew = options.fresh and flavor == options.flavors[0]
    builder.build(replace(common, tag=name, target=below, use_cache=not renew))
    return name


def _local_name(flavor: Flavor, options: Options) -> str:
    tag = tags(read_project(ROOT).version, flavor=flavor, python=options.python)[-1]
    return f"{LOCAL_REPOSITORY}:{tag}"


@contextmanager
def _context() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="orquestra-images-") as folder:
        context = Path(folder)
        wheel = lay_out_context(ROOT, context)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        run([*command, f"--wheel-dir={wheel}", str(ROOT)], failure="No wheel could be built.")
        if len(list(wheel.glob("*.whl"))) != 1:
            raise BuildError(f"Exactly one wheel was expected in {wheel}.")
        for path in context.rglob("*"):
            os.utime(path, (_EPOCH, _EPOCH))
        yield context


@contextmanager
def _timed(what: str) -> Iterator[None]:
    print(f"Building {what} ...", flush=True)
    start = time.monotonic()
    yield
    taken = timedelta(seconds=round(time.monotonic() - start))
    print(f"Built {what} in {taken}.", flush=True)
