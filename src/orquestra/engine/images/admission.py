"""Admission: whether a run could succeed here, decided before anything is started or pulled."""

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.version import Version

from orquestra.engine.errors import (
    ContainerEngineMissing,
    RegistryError,
    ResourcesRefused,
    RunRefused,
    UnsupportedSDK,
)
from orquestra.engine.images.catalogue import ImageCatalogue, ImageDescription
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.fitting import any_gpu, misfits
from orquestra.engine.images.host_environment import describe_host
from orquestra.engine.images.passport import RAY_LABEL, Requirement, check
from orquestra.engine.images.refusals import not_runnable, unavailable, unfit
from orquestra.engine.images.sizes import RunDemand
from orquestra.engine.images.uses import ImageUse, find_uses
from orquestra.engine.provisioning.contract import Capacity
from orquestra.sdk.code.requirements import needs_packages
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeSize, PoolId

MAX_POOLS = 40
"""Ray's autoscaler needs seconds a pass beyond that: its cost grows with the cube of the pools."""

MAX_LOOKUPS = 16
"""Images asked for at once; with `MAX_POOLS` it bounds what one submission can cause."""

_OUR_USERS = frozenset({"orquestra", "1000"})

_HOST_NODES = 1
"""The machine is one node, whatever a run asks for."""

_Answers = Mapping[ImageUse, ImageDescription | RegistryError | ContainerEngineMissing]


@dataclass(frozen=True, kw_only=True)
class AdmittedPool:
    """The nodes of one image in a run.

    Attributes:
        id: Short and safe as a label; made of digest and size, so that runs can share a pool.
        image: The image as the user named it, or the full name of a default image.
        pinned_image: The image by digest: what is pulled and run, whatever becomes of the tag.
        size: What each node has; GPUs only where a task of the pool asks for them. Processes of
            the host have the whole machine.
        max_nodes: The most nodes at any instant.
    """

    id: PoolId
    image: str
    pinned_image: str
    size: NodeSize
    max_nodes: int


@dataclass(frozen=True, kw_only=True)
class Admission:
    """How a run is to be started. `head_image` is pinned; `warnings` are sentences for its user.

    `needs_packages`: some of its tasks need Python packages beside those of their image.
    """

    head_image: str
    pools: tuple[AdmittedPool, ...]
    pool_of_invocation: Mapping[ir.TaskInvocationId, PoolId]
    needs_packages: bool
    warnings: tuple[str, ...]


async def admit(
    definition: ir.WorkflowDef,
    *,
    demand: RunDemand,
    capacity: Capacity,
    catalogue: ImageCatalogue,
    defaults: DefaultImages,
) -> Admission:
    """Decide about a run of a definition that has passed `check_definition`.

    Each image is asked for once, several at the same time.

    Raises:
        UnsupportedSDK: The workflow was made with a newer SDK than the engine's.
        ResourcesRefused: Only the amounts it asks for are wrong; one line for each of them.
        RunRefused: The run could not succeed; one line for each reason.
    """
    _refuse_newer_sdk(definition, defaults=defaults)
    uses = find_uses(definition, defaults=defaults)
    too_large = [
        *misfits(
            definition,
            demand=demand,
            capacity=capacity,
            local=defaults.on_host,
            on_host=frozenset(
                each for use in uses.images if use.on_host for each in use.invocations
            ),
        )
    ]
    problems = [*uses.problems, *too_large]
    pools = sum(bool(use.invocations) for use in uses.images)
    if pools > MAX_POOLS:
        problems.append(
            f"The workflow uses {pools} different images, but a run can have at most "
            f"{MAX_POOLS}; put more of its tasks into the same image."
        )
        raise RunRefused("\n".join(problems))
    images, unusable = await look_up(
        uses.images,
        catalogue=catalogue,
        sdk=defaults.sdk_version,
        python_minor=defaults.python_minor_for(definition),
        architecture=capacity.architecture,
    )
    problems += unusable
    if problems:
        refusal = ResourcesRefused if problems == too_large else RunRefused
        raise refusal("\n".join(problems))
    admitted = _admission(definition, images=images, demand=demand, capacity=capacity)
    return replace(admitted, warnings=(*uses.warnings, *admitted.warnings))


def _refuse_newer_sdk(definition: ir.WorkflowDef, *, defaults: DefaultImages) -> None:
    wanted = defaults.sdk_version_for(definition)
    if Version(wanted) > Version(defaults.sdk_version):
        raise UnsupportedSDK(
            # Client 1.1.0 reads the versions out of the first two sentences: keep them to the dot.
            f"Unsupported SDK version: {_semantic(wanted)}. "
            f"Supported SDK versions: [{_semantic(defaults.sdk_version)}]. "
            f"The workflow was made with orquestra-sdk {wanted}, but this engine has "
            f"{defaults.sdk_version}; upgrade the engine, or install "
            f"orquestra-sdk=={defaults.sdk_version} and submit it again."
        )


def _semantic(version: str) -> str:
    """A version as client 1.1.0 reads it: with a dash before what comes ahead of a release."""
    return re.sub(r"(\d)(a|b|rc)", r"\1-\2", version)


async def look_up(
    uses: Iterable[ImageUse],
    *,
    catalogue: ImageCatalogue,
    sdk: str,
    python_minor: str,
    architecture: str,
) -> tuple[dict[ImageUse, ImageDescription], list[str]]:
    """What the images of a run are, its head's among them, and a line for each that is no use."""
    answers = await _answers(uses, catalogue=catalogue, architecture=architecture)
    requirement = Requirement(
        sdk=sdk, ray=_ray_of_head(answers), python_minor=python_minor, architecture=architecture
    )
    known = {use: image for use, image in answers.items() if isinstance(image, ImageDescription)}
    return known, list(_image_problems(answers, requirement=requirement))


async def _answers(
    uses: Iterable[ImageUse], *, catalogue: ImageCatalogue, architecture: str
) -> _Answers:
    slots = asyncio.Semaphore(MAX_LOOKUPS)

    async def ask(use: ImageUse) -> ImageDescription | RegistryError | ContainerEngineMissing:
        if use.on_host:
            return describe_host(architecture=architecture)
        async with slots:
            try:
                return await catalogue.describe(use.reference, architecture=architecture)
            except (RegistryError, ContainerEngineMissing) as error:
                return error

    asked = tuple(uses)
    return dict(zip(asked, await asyncio.gather(*map(ask, asked)), strict=True))


def _ray_of_head(answers: _Answers) -> str | None:
    """The Ray version that all nodes must have; None where the head's image is not known."""
    for use, image in answers.items():
        if use.for_head and isinstance(image, ImageDescription):
            return image.labels.get(RAY_LABEL)
    return None


def _image_problems(answers: _Answers, *, requirement: Requirement) -> Iterator[str]:
    for use, image in answers.items():
        if isinstance(image, RegistryError):
            yield unavailable(use, error=image)
            continue
        if isinstance(image, ContainerEngineMissing):
            yield not_runnable(use, error=image)
            continue
        for finding in check(image, requirement=requirement):
            yield unfit(use, finding=finding, architecture=requirement.architecture)


def _admission(
    definition: ir.WorkflowDef,
    *,
    images: Mapping[ImageUse, ImageDescription],
    demand: RunDemand,
    capacity: Capacity,
) -> Admission:
    pools: dict[PoolId, AdmittedPool] = {}
    pool_of_invocation: dict[ir.TaskInvocationId, PoolId] = {}
    for use, image in images.items():
        if not use.invocations:
            continue
        pool = make_pool(use, image=image, demand=demand, capacity=capacity)
        pools.setdefault(pool.id, pool)
        pool_of_invocation |= dict.fromkeys(use.invocations, pool.id)
    warnings = [warning for use, image in images.items() for warning in _warnings(use, image)]
    if demand.size.gpu and not any_gpu(definition):
        warnings.append(
            "The workflow's nodes ask for GPUs, but no task does: its nodes get none. A task "
            'asks with @sdk.task(resources=sdk.Resources(gpu="1")).'
        )
    return Admission(
        head_image=next(pinned(use, image) for use, image in images.items() if use.for_head),
        pools=tuple(pools.values()),
        pool_of_invocation=pool_of_invocation,
        needs_packages=needs_packages(definition),
        warnings=tuple(warnings),
    )


def make_pool(
    use: ImageUse, *, image: ImageDescription, demand: RunDemand, capacity: Capacity
) -> AdmittedPool:
    """The pool of an image: nodes as a run asks for them, or the machine itself."""
    gpu = demand.size.gpu if use.gpu else 0
    size = capacity.size if use.on_host else demand.size.model_copy(update={"gpu": gpu})
    return AdmittedPool(
        # Whatever of the machine is free to use changes; its pool stays the same.
        id=pool_id(image.digest, size=None if use.on_host else size),
        image=use.name,
        pinned_image=pinned(use, image),
        size=size,
        max_nodes=_HOST_NODES if use.on_host else demand.nodes,
    )


def pool_id(digest: str, *, size: NodeSize | None) -> PoolId:
    """The pool of nodes of one image and size; None is the size of the machine."""
    text = f"{digest} {size.cpu:g} {size.memory} {size.gpu}" if size else digest
    return PoolId(f"p-{hashlib.sha256(text.encode()).hexdigest()[:12]}")


def pinned(use: ImageUse, image: ImageDescription) -> str:
    """By what an image is pulled and run."""
    return image.digest if image.present else str(use.reference.pinned(image.digest))


def _warnings(use: ImageUse, image: ImageDescription) -> Iterator[str]:
    for word, value in (("ENTRYPOINT", image.entrypoint), ("CMD", image.command)):
        if value:
            yield (
                f"Image {use.name} has {word} {json.dumps(value)}, which is not run: Orquestra "
                "starts its own command in the container."
            )
    user = image.user.partition(":")[0] or "root"
    if user not in _OUR_USERS:
        yield (
            f"Image {use.name} ends as user {user}, but its tasks run as orquestra (uid 1000); "
            "end its Dockerfile with the line USER orquestra."
        )
