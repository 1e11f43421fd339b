"""The contract of a provisioner: what starts and stops the containers of run clusters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import NewType, Protocol

from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeSize, PoolId

Handle = NewType("Handle", str)
"""What a provisioner calls one thing that it started; a plain string, safe to store."""

HEAD = NodeId("head")
"""The node id of a run cluster's head; also the host name by which its nodes reach it."""


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A folder of the engine's machine that a container sees under `target`."""

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, kw_only=True)
class LaunchSpec:
    """One head or node to start. `image` is complete, digest included; sizes are hard limits.

    `pool_id` is None for a head. A container gets the host name `node_id` in its network, and is
    reached there by its `aliases` too. Where `image` is `HOST_IMAGE`, it is a process of this
    machine, its size a promise and no limit, and what `mounts` name is used where it lies.
    Containers with `host_network` share the machine's.
    """

    cluster_id: ClusterId
    node_id: NodeId
    pool_id: PoolId | None
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    size: NodeSize
    mounts: tuple[Mount, ...] = ()
    host_network: bool = False
    aliases: tuple[str, ...] = ()


class Phase(Enum):
    """What a launched container is doing."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One launched container or process as it is now.

    `out_of_memory`: the kernel ended it for memory.
    """

    handle: Handle
    cluster_id: ClusterId
    node_id: NodeId
    phase: Phase
    exit_code: int | None = None
    out_of_memory: bool = False


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything of this engine that exists: what was launched, and clusters with a network.

    The network of host processes is the folder in which they are recorded.
    """

    containers: tuple[Observation, ...] = ()
    networks: frozenset[ClusterId] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What one node can have at most here, and the architecture of its images (`amd64`)."""

    size: NodeSize
    architecture: str


class Provisioner(Protocol):
    """Starts, inspects and stops the containers of run clusters.

    Every method may be called again after a crash at any point and then completes what was
    begun: launching a node that exists returns its handle, removing what is gone succeeds.
    Everything carries the labels `io.orquestra.engine`, `.cluster`, `.pool` and `.node`, and
    nothing without the label of this engine is ever listed or touched. Failures are
    `ProvisioningError`, whose message a user can read.
    """

    async def capacity(self) -> Capacity:
        """What the machine offers to one node."""
        ...

    async def pull(self, image: str) -> None:
        """Make the image present; returns at once where it is; raises with the reason."""
        ...

    async def launch(self, spec: LaunchSpec) -> Handle:
        """Start a container, in its cluster's private network, which is made where it is missing.

        The image has been pulled before.
        """
        ...

    async def inventory(self) -> Inventory:
        """All containers and networks of this engine, also those left by an earlier process."""
        ...

    async def tail(self, handle: Handle, lines: int) -> list[str]:
        """The last lines a container has written; empty where it is gone."""
        ...

    async def remove(self, handle: Handle, grace: timedelta) -> None:
        """Stop a container (at most `grace` after SIGTERM it is killed) and delete it."""
        ...

    async def remove_network(self, cluster_id: ClusterId) -> None:
        """Delete the network of a cluster, with whatever containers are still in it."""
        ...
