"""Run clusters in containers, through the Docker API of Docker or podman."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from orquestra.engine.provisioning import engine_client, naming
from orquestra.engine.provisioning.completing import completed
from orquestra.engine.provisioning.container_engine import ContainerEngine
from orquestra.engine.provisioning.container_operations import ContainerOperations
from orquestra.engine.provisioning.contract import Capacity, Handle, Inventory, LaunchSpec
from orquestra.engine.provisioning.failures import provisioning_errors
from orquestra.engine.provisioning.observing import Observer
from orquestra.engine.provisioning.pulling import ImagePuller
from orquestra.sdk.schema.cluster import ClusterId

_CALLS_AT_ONCE = 16
_CONNECTIONS = 32

_T = TypeVar("_T")


class ContainerProvisioner:
    """The `Provisioner` that starts a container per head and node.

    Containers run as user 1000:100 without capabilities or privileges to gain, with the limits
    of their size and the command they are given, whatever the image says. A handle is a
    container's id. Use it as an asynchronous context manager, which closes its connections.

    GPUs: `simulated_gpus` are announced to Ray and given to no container. Real ones are not
    passed on yet, so a node has no other.

    Raises `ProvisioningError` where the container engine does not answer.
    """

    def __init__(
        self, container_engine: ContainerEngine, *, engine_id: str, simulated_gpus: int = 0
    ) -> None:
        with provisioning_errors("connecting to the container engine"):
            self._client = engine_client.connect(container_engine.url, connections=_CONNECTIONS)
        self._operations = ContainerOperations(
            self._client, engine_id=engine_id, simulated_gpus=simulated_gpus
        )
        self._observer = Observer(self._client, engine_id=engine_id)
        self._puller = ImagePuller(self._client, container_engine)
        self._listing = asyncio.Lock()
        self._threads = ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix="containers")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._puller.close()
        await asyncio.to_thread(self._threads.shutdown)
        self._client.close()

    async def capacity(self) -> Capacity:
        """CPUs and memory as the container engine sees them."""
        return await self._call(self._operations.capacity, doing="asking what the machine has")

    async def pull(self, image: str) -> None:
        """Make the image present; parallel calls for one image share its pull."""
        await self._puller.pull(image)

    async def inspect_image(self, name: str) -> Mapping[str, Any] | None:
        """What the container engine says of an image that it has, in the Docker API's words."""
        doing = f"looking for image {name}"
        return await self._call(lambda: self._operations.inspect_image(name), doing=doing)

    async def launch(self, spec: LaunchSpec) -> Handle:
        """Start the container of `spec`, or complete what was begun of it."""
        name = naming.container_name(spec.cluster_id, spec.node_id)
        return await self._call(
            lambda: self._operations.launch(spec), doing=f"launching container {name}"
        )

    async def inventory(self) -> Inventory:
        """All that carries this engine's label."""
        async with self._listing:
            return await self._call(self._observer.inventory, doing="listing containers")

    async def tail(self, handle: Handle, lines: int) -> list[str]:
        """The last lines a container has written to its output and error streams."""
        return await self._call(
            lambda: self._operations.tail(handle, lines),
            doing=f"reading the output of container {handle}",
        )

    async def remove(self, handle: Handle, grace: timedelta) -> None:
        """Stop and delete a container."""
        await self._call(
            lambda: self._operations.remove(handle, grace),
            doing=f"removing container {handle}",
        )

    async def remove_network(self, cluster_id: ClusterId) -> None:
        """Delete what is left of a cluster: its containers first, then its network."""
        await self._call(
            lambda: self._operations.clear(cluster_id),
            doing=f"removing network {naming.network_name(cluster_id)}",
        )

    async def _call(self, work: Callable[[], _T], *, doing: str) -> _T:
        def guarded() -> _T:
            with provisioning_errors(doing):
                return work()

        loop = asyncio.get_running_loop()
        return await completed(loop.run_in_executor(self._threads, guarded))
