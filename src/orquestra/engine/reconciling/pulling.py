"""Pulling images: for a container that is about to be launched, and all of a cluster before."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.services import EngineServices

logger = logging.getLogger(__name__)

_PAUSES = (timedelta(seconds=1), timedelta(seconds=3))


async def pull(image: str, *, services: EngineServices) -> None:
    """Make an image present. What fails is tried again twice: registries have bad moments.

    Raises:
        ProvisioningError: It cannot be had, or not in the time that the settings allow.
    """
    limit = services.settings.nodes.pull_timeout
    try:
        await asyncio.wait_for(_pull_persistently(image, services=services), limit)
    except TimeoutError as error:
        raise ProvisioningError(
            f"Image {image} was not pulled within {limit:.0f} seconds. Make it smaller, or "
            "have the engine's administrator raise pull_timeout under [nodes]."
        ) from error


async def _pull_persistently(image: str, *, services: EngineServices) -> None:
    for pause in _PAUSES:
        try:
            return await services.provisioner.pull(image)
        except ProvisioningError as error:
            logger.warning("pull of %s failed: %s", image, error)
            await asyncio.sleep(pause.total_seconds())
    return await services.provisioner.pull(image)


class EarlyPulls:
    """Pulls the images of clusters as soon as these are known, long before nodes are wanted.

    A pull that fails is only logged: the launch that needs the image tries again, and tells.
    """

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._pulls: dict[str, asyncio.Task[None]] = {}

    def begin(self, images: Iterable[str]) -> None:
        """Begin those pulls that have not begun; images that nobody needs are forgotten."""
        wanted = set(images)
        for image in self._pulls.keys() - wanted:
            self._pulls.pop(image).cancel()
        for image in wanted - self._pulls.keys():
            self._pulls[image] = asyncio.create_task(self._pull(image), name=f"pull {image}")

    async def close(self) -> None:
        """Wait for none any more."""
        for task in self._pulls.values():
            task.cancel()
        await asyncio.gather(*self._pulls.values(), return_exceptions=True)

    async def _pull(self, image: str) -> None:
        try:
            await pull(image, services=self._services)
        except ProvisioningError as error:
            logger.info("early pull of %s failed: %s", image, error, extra={"event": "early_pull"})
