"""What a run cluster that waits for a run is made of: a head and a node of the default image."""

from dataclasses import dataclass

from orquestra.engine.errors import RunRefused
from orquestra.engine.images.admission import AdmittedPool, look_up, make_pool, pinned
from orquestra.engine.images.catalogue import ImageCatalogue
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.sizes import RunDemand
from orquestra.engine.images.uses import ImageUse
from orquestra.engine.provisioning.contract import Capacity
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
        RunRefused: It is none that a run could use, or cannot be found.
    """
    reference = defaults.own_image()
    use = ImageUse(
        reference=reference,
        name=HOST_IMAGE if defaults.on_host else str(reference),
        default=True,
        base=reference,
        for_head=True,
        on_host=defaults.on_host,
    )
    images, problems = await look_up(
        [use],
        catalogue=catalogue,
        sdk=defaults.sdk_version,
        python_minor=defaults.python_minor,
        architecture=capacity.architecture,
    )
    if problems:
        raise RunRefused("\n".join(problems))
    image, demand = images[use], RunDemand()
    return StandbyImages(
        head=pinned(use, image),
        head_size=demand.head,
        pool=make_pool(use, image=image, demand=demand, capacity=capacity),
    )
