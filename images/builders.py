"""Programs that build images: buildah, Docker and podman behind one contract."""

import json
import resource
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from images.commands import run
from images.errors import BuildError
from images.trust import Mount

BuilderName = Literal["buildah", "docker", "podman"]

_LOOPBACK = ("127.", "localhost:", "[::1]")


@dataclass(frozen=True, kw_only=True)
class Build:
    """One image to build. `mounts` are seen by its RUN steps and are never part of the image."""

    context: Path
    containerfile: Path
    tag: str
    target: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    use_cache: bool = True


@dataclass(frozen=True, kw_only=True)
class LocalImage:
    """An image on this machine."""

    id: str
    labels: Mapping[str, str]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


class Builder(Protocol):
    """Builds images and knows those on this machine. Failures are `BuildError`."""

    def build(self, build: Build) -> None:
        """Build an image; steps whose inputs did not change come from the cache."""
        ...

    def find(self, image: str) -> LocalImage | None:
        """An image on this machine; None where it is not here."""
        ...

    def output(self, image: str, command: Sequence[str]) -> str:
        """What a command prints that runs in a fresh container of the image."""
        ...

    def tag(self, image: str, name: str) -> None:
        """Give an image of this machine one more name."""
        ...

    def pull(self, image: str) -> None:
        """Fetch an image from its registry."""
        ...

    def push(self, image: str) -> None:
        """Send an image to the registry that its name begins with."""
        ...

    def discard(self, image_id: str) -> None:
        """Delete an image, unless it still has a name or a container."""
        ...


def build_flags(build: Build) -> list[str]:
    """The part of a build's command line that all builders share."""
    return [
        *(f"--build-arg={name}={value}" for name, value in build.arguments.items()),
        *(f"--label={name}={value}" for name, value in build.labels.items()),
        *([f"--target={build.target}"] if build.target else []),
        *([] if build.use_cache else ["--no-cache"]),
        f"--tag={build.tag}",
        f"--file={build.containerfile}",
        str(build.context),
    ]


def containers_flags(build: Build) -> list[str]:
    """What buildah and podman get besides.

    chroot and the host's network: a build then needs no namespace of its own, which is refused
    inside many sandboxes and CI machines. The annotations repeat the labels in the manifest.
    """
    return [
        "--isolation=chroot",
        "--network=host",
        "--layers",
        "--pull=false",
        "--identity-label=false",
        "--force-rm",
        *(f"--volume={mount.source}:{mount.target}:ro" for mount in build.mounts),
        *(
            f"--annotation={name}={value}"
            for name, value in build.labels.items()
            if name.startswith("org.opencontainers.")
        ),
    ]


def registry_flags(image: str) -> list[str]:
    """Plain HTTP is accepted for a registry on this machine, and for no other."""
    return ["--tls-verify=false"] if image.startswith(_LOOPBACK) else []


def limit_flags() -> list[str]:
    """Limits for a container that a command runs in.

    The default ones may be higher than those of this machine, and are then refused; what podman
    can give away is at most the number of process ids. A short command needs little.
    """
    wanted = {"nofile": (resource.RLIMIT_NOFILE, 1024), "nproc": (resource.RLIMIT_NPROC, 16_384)}
    flags = []
    for name, (limit, enough) in wanted.items():
        hard = resource.getrlimit(limit)[1]
        given = enough if hard == resource.RLIM_INFINITY else min(hard, enough)
        flags.append(f"--ulimit={name}={given}:{given}")
    return flags


class Docker:
    """Builds with Docker Engine, which cannot mount files of this machine into a build."""

    program = "docker"

    def build(self, build: Build) -> None:
        """Build an image; steps whose inputs did not change come from the cache."""
        if build.mounts:
            raise BuildError(
                f"{build.tag} was not built: your pip settings name a CA bundle or local folders, "
                "and Docker cannot mount them into a build. Install buildah (it works beside "
                "Docker) and repeat."
            )
        self._build([], build)

    def find(self, image: str) -> LocalImage | None:
        """An image on this machine; None where it is not here."""
        document = self._inspect("image", "inspect", image)
        if document is None:
            return None
        return _local_image(document[0]["Id"], document[0]["Config"])

    def output(self, image: str, command: Sequence[str]) -> str:
        """What a command prints that runs in a fresh container of the image."""
        isolated = [self.program, "run", "--rm", "--network=none", *limit_flags()]
        return run([*isolated, image, *command], failure=f"{command[0]} did not run in {image}.")

    def tag(self, image: str, name: str) -> None:
        """Give an image of this machine one more name."""
        run([self.program, "tag", image, name], failure=f"{image} could not be named {name}.")

    def pull(self, image: str) -> None:
        """Fetch an image from its registry."""
        run([self.program, "pull", "--quiet", image], failure=f"{image} could not be pulled.")

    def push(self, image: str) -> None:
        """Send an image to the registry that its name begins with."""
        command = [self.program, "push", *self._registry_flags(image), image]
        run(command, failure=f"{image} could not be pushed.")

    def discard(self, image_id: str) -> None:
        """Delete an image, unless it still has a name or a container."""
        listing = [self.program, "images", "--quiet", "--no-trunc", "--filter=dangling=true"]
        nameless = run(listing, failure="Images could not be listed.").split()
        if image_id.removeprefix("sha256:") in {each.removeprefix("sha256:") for each in nameless}:
            with suppress(BuildError):  # a container may be using it
                run([self.program, "rmi", image_id], failure=f"{image_id} is in use.")

    def _inspect(self, *arguments: str) -> Any:
        try:
            return json.loads(run([self.program, *arguments], failure="No such image."))
        except BuildError:
            return None

    def _build(self, flags: Sequence[str], build: Build) -> None:
        command = [self.program, "build", *flags, *build_flags(build)]
        run(command, failure=f"{build.tag} could not be built.")

    def _registry_flags(self, image: str) -> list[str]:  # noqa: ARG002 - podman needs it
        return []  # Docker trusts registries on the loopback addresses by itself


class Podman(Docker):
    """Builds with podman."""

    program = "podman"

    def build(self, build: Build) -> None:
        """Build an image; steps whose inputs did not change come from the cache."""
        self._build(containers_flags(build), build)

    def _registry_flags(self, image: str) -> list[str]:
        return registry_flags(image)


class Buildah(Podman):
    """Builds with buildah, which shares its images with podman."""

    program = "buildah"

    def find(self, image: str) -> LocalImage | None:
        """An image on this machine; None where it is not here."""
        document = self._inspect("inspect", "--type=image", image)
        if document is None:
            return None
        return _local_image(document["FromImageID"], document["OCIv1"]["config"])

    def output(self, image: str, command: Sequence[str]) -> str:
        """What a command prints that runs in a fresh container of the image."""
        failure = f"{command[0]} did not run in {image}."
        container = run([self.program, "from", "--pull-never", image], failure=failure).strip()
        try:
            isolated = [self.program, "run", "--isolation=chroot", "--network=host", container]
            return run([*isolated, "--", *command], failure=failure)
        finally:
            run([self.program, "rm", container], failure=f"{container} could not be removed.")


def _local_image(image_id: str, config: Mapping[str, Any]) -> LocalImage:
    return LocalImage(
        id=image_id,
        labels=config.get("Labels") or {},
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
    )


_BUILDERS: Mapping[BuilderName, type[Docker]] = {
    "buildah": Buildah,
    "docker": Docker,
    "podman": Podman,
}


def find_builder(requested: BuilderName | None = None) -> Builder:
    """The builder asked for, else the first that is here and works: buildah, Docker, podman."""
    for name, builder in _BUILDERS.items():
        if requested in (None, name) and _works(name):
            return builder()
    raise BuildError(
        f"{requested or 'buildah, Docker or podman'} is needed to build images and does not "
        "answer here. Start or install it (on Debian and Ubuntu `make system-packages` installs "
        "buildah) and repeat."
    )


def _works(name: BuilderName) -> bool:
    if shutil.which(name) is None:
        return False
    if name != "docker":
        return True
    try:  # the client is often there without an engine to talk to
        run(["docker", "version", "--format", "{{.Server.Version}}"], failure="No engine.")
    except BuildError:
        return False
    return True
