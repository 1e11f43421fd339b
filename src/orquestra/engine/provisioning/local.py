"""The provisioner of the local runtime: processes of this machine, and containers where needed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from orquestra.engine.errors import ContainerEngineAway, ProvisioningError
from orquestra.engine.provisioning.containers import ContainerProvisioner
from orquestra.engine.provisioning.contract import (
    Capacity,
    Handle,
    Inventory,
    LaunchSpec,
    Observation,
    Phase,
    Provisioner,
)
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId

logger = logging.getLogger(__name__)

OpenContainers = Callable[[], AbstractAsyncContextManager[ContainerProvisioner]]
"""Looks for a container engine; raises `ContainerEngineMissing` where there is none."""


class OptionalContainers:
    """The container engine of this machine, looked for when it is first needed.

    `trace` is a file that says that containers were started, until all are gone: an engine that
    finds it when it starts looks for what an earlier one has left.

    An engine that does not answer any more, Docker that was stopped for example, puts containers
    out of sight: what was seen of them last counts until it answers, so that nothing is taken for
    lost, and what runs on the host goes on. Those that are removed meanwhile are forgotten; they
    are listed again, and so removed, when the engine answers.
    """

    def __init__(self, opening: OpenContainers, *, trace: Path) -> None:
        self._opening = opening
        self._trace = trace
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._opened: ContainerProvisioner | None = None
        self._seen: dict[Handle, Observation] = {}
        self._launches = 0
        self._launching = 0
        self._away = False

    async def __aenter__(self) -> Self:
        if self._trace.exists():
            try:
                await self.opened()
            except ProvisioningError as error:
                logger.warning(
                    "containers of an earlier engine cannot be looked for: %s",
                    error,
                    extra={"event": "containers_out_of_sight"},
                )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.inventory()  # the last of them may have been removed since
        finally:
            await self._stack.aclose()

    async def opened(self) -> ContainerProvisioner:
        """The containers.

        Raises:
            ContainerEngineMissing: There is neither Docker nor podman; it says how to get one.
        """
        async with self._lock:
            if self._opened is None:
                self._opened = await self._stack.enter_async_context(self._opening())
            return self._opened

    async def launch(self, spec: LaunchSpec) -> Handle:
        """Start a container, and know of it even if it is never listed."""
        place = await self.opened()
        self._launches += 1
        self._launching += 1
        self._trace.touch()
        try:
            handle = await place.launch(spec)
        finally:
            self._launching -= 1
        self._seen.setdefault(handle, _launched(handle, spec))
        return handle

    async def inventory(self) -> Inventory:
        """What there is, or was when the container engine answered the last time."""
        if self._opened is None:
            return Inventory()
        launches, launching = self._launches, self._launching
        try:
            inventory = await self._opened.inventory()
        except ProvisioningError as error:
            self._note_away(error)
            return Inventory(containers=tuple(self._seen.values()))
        self._away = False
        # What was launched meanwhile may not be listed yet.
        if launches == self._launches and launching == 0:
            self._seen = {found.handle: found for found in inventory.containers}
            if not self._seen:
                self._trace.unlink(missing_ok=True)
        return inventory

    async def tail(self, handle: Handle, lines: int) -> list[str]:
        """The last lines of a container; none where it is out of sight."""
        if self._opened is None:
            return []
        try:
            return await self._opened.tail(handle, lines)
        except ContainerEngineAway as error:
            self._note_away(error)
            return []

    async def remove(self, handle: Handle, grace: timedelta) -> None:
        """End a container."""
        if self._opened is None:
            return
        try:
            await self._opened.remove(handle, grace)
        except ContainerEngineAway as error:
            self._note_away(error)
        self._seen.pop(handle, None)

    async def remove_network(self, cluster_id: ClusterId) -> None:
        """End the containers of a cluster."""
        if self._opened is None:
            return
        try:
            await self._opened.remove_network(cluster_id)
        except ContainerEngineAway as error:
            self._note_away(error)
        self._seen = {
            handle: seen for handle, seen in self._seen.items() if seen.cluster_id != cluster_id
        }

    def _note_away(self, error: ProvisioningError) -> None:
        level = logging.DEBUG if self._away else logging.WARNING
        logger.log(
            level, "containers are out of sight: %s", error, extra={"event": "containers_away"}
        )
        self._away = True


class LocalProvisioner:
    """The `Provisioner` that runs `HOST_IMAGE` as processes and everything else in containers.

    What the machine offers is asked of the host, also for containers. Without a container engine,
    or while it does not answer, it does all that needs none.
    """

    def __init__(self, host: Provisioner, containers: OptionalContainers) -> None:
        self._host = host
        self._containers = containers

    async def capacity(self) -> Capacity:
        """What this machine offers."""
        return await self._host.capacity()

    async def pull(self, image: str) -> None:
        """Make an image present."""
        place = self._host if image == HOST_IMAGE else await self._containers.opened()
        await place.pull(image)

    async def launch(self, spec: LaunchSpec) -> Handle:
        """Start a process or a container."""
        place = self._host if spec.image == HOST_IMAGE else self._containers
        return await place.launch(spec)

    async def inventory(self) -> Inventory:
        """Processes and containers."""
        processes = await self._host.inventory()
        containers = await self._containers.inventory()
        return Inventory(
            containers=(*processes.containers, *containers.containers),
            networks=processes.networks | containers.networks,
        )

    async def tail(self, handle: Handle, lines: int) -> list[str]:
        """The last lines of a process or container."""
        return await self._host.tail(handle, lines) or await self._containers.tail(handle, lines)

    async def remove(self, handle: Handle, grace: timedelta) -> None:
        """End a process or container; who does not know the handle does nothing."""
        await _both(self._host.remove(handle, grace), self._containers.remove(handle, grace))

    async def remove_network(self, cluster_id: ClusterId) -> None:
        """End whatever is left of a cluster."""
        await _both(
            self._host.remove_network(cluster_id), self._containers.remove_network(cluster_id)
        )


async def _both(*removals: Awaitable[None]) -> None:
    """Do both to their ends, whatever becomes of the other, and then say what went wrong."""
    for result in await asyncio.gather(*removals, return_exceptions=True):
        if result is not None:
            raise result


def _launched(handle: Handle, spec: LaunchSpec) -> Observation:
    return Observation(
        handle=handle,
        cluster_id=spec.cluster_id,
        node_id=spec.node_id,
        phase=Phase.RUNNING,
    )
