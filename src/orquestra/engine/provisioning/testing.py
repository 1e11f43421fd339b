"""A provisioner in memory, for tests of whatever uses one.

It passes the same conformance suite as the real one. Containers do what `programs` says of their
command and otherwise run until they are removed; a test may also end them by hand:

>>> import asyncio
>>> provisioner = MemoryProvisioner(faults=[PullFails(reason="no such image")])
>>> asyncio.run(provisioner.pull("registry/image@sha256:0"))
Traceback (most recent call last):
orquestra.engine.errors.ProvisioningError: Image registry/image@sha256:0 could not be pulled. \
no such image
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning.contract import (
    Capacity,
    Handle,
    Inventory,
    LaunchSpec,
    Observation,
    Phase,
)
from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeSize

_KILLED = 137
_GIBIBYTE = 1024**3
_LARGE = NodeSize(cpu=64, memory=256 * _GIBIBYTE, gpu=0)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a command does: writes lines, and then ends with `exit_code`, or runs on (None)."""

    lines: tuple[str, ...] = ()
    exit_code: int | None = None
    out_of_memory: bool = False


@dataclass(frozen=True, kw_only=True)
class PullFails:
    """Pulls fail with `reason`: of `image`, or of every image."""

    reason: str
    image: str | None = None


@dataclass(frozen=True, kw_only=True)
class LaunchFails:
    """Nodes (and heads, with `heads`) cannot be started, for `reason`."""

    reason: str
    heads: bool = False


@dataclass(frozen=True, kw_only=True)
class NodeExitsAtOnce:
    """Nodes start and end by themselves, having written `lines`. Heads run."""

    exit_code: int = 1
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NodeRunsOutOfMemory:
    """Nodes start, and the kernel ends them for memory. Heads run."""


Fault = PullFails | LaunchFails | NodeExitsAtOnce | NodeRunsOutOfMemory


@dataclass(kw_only=True)
class MemoryContainer:
    """One container of a `MemoryMachine`."""

    engine_id: str
    spec: LaunchSpec
    observation: Observation
    lines: list[str]


@dataclass(kw_only=True)
class MemoryMachine:
    """What survives a provisioner: give the same one to the next, as after a crash."""

    images: set[str] = field(default_factory=set)
    containers: dict[Handle, MemoryContainer] = field(default_factory=dict)
    networks: set[tuple[str, ClusterId]] = field(default_factory=set)
    numbers: Iterable[int] = field(default_factory=itertools.count)


class MemoryProvisioner:
    """The `Provisioner` that starts nothing.

    Args:
        engine_id: Whose containers these are; those of other engines on `machine` stay unseen.
        machine: Where they exist; a machine of its own by default.
        size: What the machine offers to one node.
        architecture: What its images are for.
        programs: What commands do that shall not run until they are removed.
        faults: What goes wrong.
    """

    def __init__(
        self,
        *,
        engine_id: str = "memory",
        machine: MemoryMachine | None = None,
        size: NodeSize = _LARGE,
        architecture: str = "amd64",
        programs: Mapping[tuple[str, ...], Program] | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        self.machine = MemoryMachine() if machine is None else machine
        self._engine_id = engine_id
        self._capacity = Capacity(size=size, architecture=architecture)
        self._programs = programs or {}
        self._faults = tuple(faults)

    async def capacity(self) -> Capacity:
        """What it was told to have."""
        return self._capacity

    async def pull(self, image: str) -> None:
        """Remember the image as present."""
        for fault in self._faults:
            if isinstance(fault, PullFails) and fault.image in (None, image):
                raise ProvisioningError(f"Image {image} could not be pulled. {fault.reason}")
        self.machine.images.add(image)

    async def launch(self, spec: LaunchSpec) -> Handle:
        """Begin a container, unless the node has one."""
        existing = self._find(spec.cluster_id, spec.node_id)
        if existing is not None:
            return existing
        self._check(spec)
        self.machine.networks.add((self._engine_id, spec.cluster_id))
        handle = Handle(f"container-{next(iter(self.machine.numbers))}")
        self.machine.containers[handle] = MemoryContainer(
            engine_id=self._engine_id,
            spec=spec,
            observation=Observation(
                handle=handle,
                cluster_id=spec.cluster_id,
                node_id=spec.node_id,
                phase=Phase.RUNNING,
            ),
            lines=[],
        )
        self._run(handle, self._program(spec))
        return handle

    async def inventory(self) -> Inventory:
        """Everything of this engine on the machine."""
        return Inventory(
            containers=tuple(container.observation for container in self._ours().values()),
            networks=frozenset(
                cluster_id
                for engine, cluster_id in self.machine.networks
                if engine == self._engine_id
            ),
        )

    async def tail(self, handle: Handle, lines: int) -> list[str]:
        """The last of what `write` and the container's program have written."""
        container = self._ours().get(handle)
        return container.lines[-lines:] if container else []

    async def remove(self, handle: Handle, grace: timedelta) -> None:  # noqa: ARG002 - all end at once
        """Forget a container."""
        if handle in self._ours():
            del self.machine.containers[handle]

    async def remove_network(self, cluster_id: ClusterId) -> None:
        """Forget a cluster's containers and its network."""
        for handle, container in self._ours().items():
            if container.spec.cluster_id == cluster_id:
                del self.machine.containers[handle]
        self.machine.networks.discard((self._engine_id, cluster_id))

    def specs(self) -> list[LaunchSpec]:
        """What was launched and is still there, oldest first."""
        return [container.spec for container in self._ours().values()]

    def handle_of(self, cluster_id: ClusterId, node_id: NodeId) -> Handle:
        """The container of a node that exists."""
        handle = self._find(cluster_id, node_id)
        if handle is None:
            raise KeyError(node_id)
        return handle

    def write(self, handle: Handle, *lines: str) -> None:
        """Let a container write."""
        self.machine.containers[handle].lines.extend(lines)

    def end(self, handle: Handle, *, exit_code: int = 0, out_of_memory: bool = False) -> None:
        """Let a container end by itself."""
        container = self.machine.containers[handle]
        container.observation = replace(
            container.observation,
            phase=Phase.EXITED,
            exit_code=exit_code,
            out_of_memory=out_of_memory,
        )

    def _ours(self) -> dict[Handle, MemoryContainer]:
        return {
            handle: container
            for handle, container in self.machine.containers.items()
            if container.engine_id == self._engine_id
        }

    def _find(self, cluster_id: ClusterId, node_id: NodeId) -> Handle | None:
        for handle, container in self._ours().items():
            if (container.spec.cluster_id, container.spec.node_id) == (cluster_id, node_id):
                return handle
        return None

    def _check(self, spec: LaunchSpec) -> None:
        for fault in self._faults:
            if isinstance(fault, LaunchFails) and (fault.heads or spec.pool_id is not None):
                raise ProvisioningError(
                    f"Node {spec.node_id} could not start from image {spec.image}. {fault.reason}"
                )
        if spec.image not in self.machine.images:
            raise ProvisioningError(f"Image {spec.image} is not present; it must be pulled first.")
        most = self._capacity.size
        if spec.size.cpu > most.cpu or spec.size.memory > most.memory:
            raise ProvisioningError(f"Node {spec.node_id} is larger than the machine.")

    def _program(self, spec: LaunchSpec) -> Program:
        for fault in self._faults if spec.pool_id is not None else ():
            if isinstance(fault, NodeExitsAtOnce):
                return Program(exit_code=fault.exit_code, lines=fault.lines)
            if isinstance(fault, NodeRunsOutOfMemory):
                return Program(exit_code=_KILLED, out_of_memory=True)
        return self._programs.get(spec.command, Program())

    def _run(self, handle: Handle, program: Program) -> None:
        self.write(handle, *program.lines)
        if program.exit_code is not None:
            self.end(handle, exit_code=program.exit_code, out_of_memory=program.out_of_memory)
