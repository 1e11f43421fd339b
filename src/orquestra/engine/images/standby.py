"""What a run cluster that waits for a run is made of: a head and a node of the default image."""

from dataclasses import dataclass

from orquestra.engine.errors import RunRefused
from orquestra.engine.images.admission import AdmittedPool, make_pool, pinned
from orquestra.engine.images.catalogue import ImageCatalogue
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.host_environment import describe_host
from orquestra.engine.images.passport import RAY_LABEL, Requirement, check
from orquestra.engine.images.sizes import RunDemand
from orquestra.engine.images.uses import ImageUse
from orquestra.engine.provisioning.contract import (
    Capacity,
)
from orquestra.sdk.schema.cluster import HOST_IMAGE, NodeSize


@dataclass(frozen=True, kw_only=True)
class StandbyImages:
    """The head, pinned, and the pool that has one node from the beginning."""

    head: str
    head_size: NodeSize
    pool: AdmittedPool


async def standby_images(
    *, capacity: Capacity, catalogue: ImageCatalogue, defaults: DefaultImages
) -> StandbyImages:
    """The default image of this engine's own SDK and Python, and the sizes of a run without wishes.

    Raises:
        RegistryError: It is not published, or its registry does not say.
        RunRefused: It is none that a run could use.
    """
    reference = defaults.own_image()
    use = ImageUse(
        reference=reference,
        name=HOST_IMAGE if defaults.on_host else str(reference),
        default=True,
        base=reference,
        on_host=defaults.on_host,
    )
    if defaults.on_host:
        image = describe_host(architecture=capacity.architecture)
    else:
        image = await catalogue.describe(reference, architecture=capacity.architecture)
    requirement = Requirement(
        sdk=defaults.sdk_version,
        ray=image.labels.get(RAY_LABEL),
        python_minor=defaults.python_minor,
        architecture=capacity.architecture,
    )
    findings = check(image, requirement=requirement)
    if findings:
        raise RunRefused(f"The image {use.name} {findings[0].found}, but {findings[0].needed}.")
    demand = RunDemand()
    return StandbyImages(
        head=pinned(use, image),
        head_size=demand.head,
        pool=make_pool(use, image=image, demand=demand, capacity=capacity),
    )
