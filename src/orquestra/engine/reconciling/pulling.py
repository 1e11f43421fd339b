"""Pulling an image for a container that is about to be launched."""

import asyncio
import logging
from datetime import timedelta

from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import ProvisioningError

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
