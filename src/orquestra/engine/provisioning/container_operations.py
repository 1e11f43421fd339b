"""What is done to single containers and networks; every call blocks until it is done."""

import math
import threading
import time
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import docker.errors

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import naming, observing
from orquestra.engine.provisioning.container_arguments import container_arguments
from orquestra.engine.provisioning.contract import Capacity, Handle, LaunchSpec, Phase
from orquestra.engine.provisioning.failures import explain_launch, reason_of
from orquestra.engine.provisioning.limits import read_host_limits
from orquestra.sdk.schema.cluster import ClusterId, NodeSize

_AT_ONCE = timedelta(0)
_REMOVAL_LIMIT = timedelta(seconds=15)
_REMOVAL_POLL = timedelta(milliseconds=100)
_CLEARING_ROUNDS = 5
_CONFLICT = 409
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class ContainerOperations:
    """Makes and removes what carries the label of one engine, and touches nothing else.

    Each operation may be repeated after it was interrupted anywhere. Errors of the client
    library pass through; the caller knows what was being done and says so.
    """

    def __init__(self, client: Any, *, engine_id: str, simulated_gpus: int) -> None:
        self._client = client
        self._api = client.api
        self._engine_id = engine_id
        self._simulated_gpus = simulated_gpus
        self._making_network = threading.Lock()

    @cached_property
    def _info(self) -> dict[str, Any]:
        info: dict[str, Any] = self._client.info()
        return info

    def capacity(self) -> Capacity:
        """What one node can have at most."""
        architecture = self._info["Architecture"]
        return Capacity(
            size=NodeSize(
                cpu=self._info["NCPU"], memory=self._info["MemTotal"], gpu=self._simulated_gpus
            ),
            architecture=_ARCHITECTURES.get(architecture, architecture),
        )

    def inspect_image(self, name: str) -> dict[str, Any] | None:
        """An image's inspection, where it is present."""
        try:
            found: dict[str, Any] = self._api.inspect_image(name)
        except docker.errors.NotFound:
            return None
        return found

    def launch(self, spec: LaunchSpec) -> Handle:
        """Network, container, start: whichever of them is missing."""
        self._check(spec)
        if not spec.host_network:
            self._ensure_network(spec.cluster_id)
        container = self._ensure_container(spec)
        if observing.phase_of(container["State"]["Status"]) is Phase.CREATED:
            self._start(container["Id"], spec)
        return Handle(container["Id"])

    def tail(self, handle: Handle, lines: int) -> list[str]:
        """The last lines; empty where there is no such container of ours."""
        if self._ours(handle) is None:
            return []
        try:
            output: bytes = self._api.logs(handle, tail=lines)
        except docker.errors.NotFound:
            return []
        except docker.errors.APIError as error:
            if error.status_code == _CONFLICT:  # being removed
                return []
            raise
        return output.decode(errors="replace").splitlines()[-lines:]

    def remove(self, handle: Handle, grace: timedelta) -> None:
        """Stop where it runs, then delete; its anonymous volumes go with it."""
        container = self._ours(handle)
        if container is None:
            return
        if observing.phase_of(container["State"]["Status"]) is Phase.RUNNING:
            self._stop(handle, grace)
        self._delete(handle)

    def clear(self, cluster_id: ClusterId) -> None:
        """Remove a cluster's containers and its network, and what is launched meanwhile."""
        for _ in range(_CLEARING_ROUNDS):
            containers = self._containers_of(cluster_id)
            networks = self._networks_of(cluster_id)
            if not containers and not networks:
                return
            for container in containers:
                self.remove(Handle(container["Id"]), _AT_ONCE)
            for network in networks:
                self._remove_network(network)
        raise ProvisioningError(
            f"The network of cluster {cluster_id} cannot be removed: new containers keep appearing "
            "in it. End whatever starts them."
        )

    def _check(self, spec: LaunchSpec) -> None:
        """Refuse what engines answer differently, or silently accept."""
        most = self.capacity().size
        if spec.size.cpu > most.cpu or spec.size.memory > most.memory:
            raise ProvisioningError(
                f"Node {spec.node_id} is to have {spec.size.cpu:g} CPUs and {spec.size.memory} "
                f"bytes of memory, but the machine has {most.cpu:g} and {most.memory}. "
                "Ask for less in the workflow's resources."
            )
        for mount in spec.mounts:
            if not Path(mount.source).exists():
                raise ProvisioningError(
                    f"Node {spec.node_id} is to see {mount.source}, which does not exist on this "
                    "machine. Create it, or correct the engine's configuration."
                )

    def _ensure_network(self, cluster_id: ClusterId) -> None:
        labels = naming.network_labels(self._engine_id, cluster_id)
        name = naming.network_name(cluster_id)
        with self._making_network:  # Docker may give two networks one name if asked at once
            if self._network(name) is None:
                self._create_network(name, labels)
        network = self._network(name)
        _require_labels(network and network["Labels"], labels, what=f"network {name}")

    def _create_network(self, name: str, labels: dict[str, str]) -> None:
        try:
            self._api.create_network(name, driver="bridge", labels=labels)
        except docker.errors.APIError:
            if self._network(name) is None:  # else another process has made it meanwhile
                raise

    def _network(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._api.inspect_network(name)
        except docker.errors.NotFound:
            return None
        return found

    def _ensure_container(self, spec: LaunchSpec) -> dict[str, Any]:
        name = naming.container_name(spec.cluster_id, spec.node_id)
        container = self._inspect(name)
        if container is None:
            container = self._create(spec)
        labels = naming.container_labels(self._engine_id, spec)
        _require_labels(container["Config"]["Labels"], labels, what=f"container {name}")
        return container

    def _create(self, spec: LaunchSpec) -> dict[str, Any]:
        arguments = container_arguments(
            spec,
            engine_id=self._engine_id,
            limits=read_host_limits(),
            limits_processes=bool(self._info.get("PidsLimit")),
        )
        try:
            created: dict[str, Any] = self._client.containers.create(**arguments).attrs
        except docker.errors.APIError:
            container = self._inspect(arguments["name"])
            if container is None:  # else a launch beside this one has made it
                raise
            return container
        return created

    def _start(self, container_id: str, spec: LaunchSpec) -> None:
        try:
            self._api.start(container_id)
        except docker.errors.APIError as error:
            container = self._inspect(container_id)
            if container and observing.phase_of(container["State"]["Status"]) is Phase.RUNNING:
                return  # a call beside this one has started it
            self._delete(Handle(container_id))
            raise ProvisioningError(
                f"Node {spec.node_id} could not start from image {spec.image}. "
                f"{explain_launch(reason_of(error))}"
            ) from error

    def _stop(self, handle: Handle, grace: timedelta) -> None:
        try:
            self._api.stop(handle, timeout=math.ceil(grace.total_seconds()))
        except docker.errors.NotFound:
            return

    def _delete(self, handle: Handle) -> None:
        try:
            self._api.remove_container(handle, force=True, v=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if not self._vanishes(handle):
                raise ProvisioningError(
                    f"Container {handle} cannot be removed. {reason_of(error)}"
                ) from error

    def _vanishes(self, handle: Handle) -> bool:
        """Whether a removal that is under way already comes to its end."""
        deadline = time.monotonic() + _REMOVAL_LIMIT.total_seconds()
        while time.monotonic() < deadline:
            if self._inspect(handle) is None:
                return True
            time.sleep(_REMOVAL_POLL.total_seconds())
        return False

    def _remove_network(self, network: dict[str, Any]) -> None:
        try:
            self._api.remove_network(network["Id"])
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            raise ProvisioningError(
                f"Network {network['Name']} cannot be removed. {reason_of(error)}. "
                "If a container of yours is attached to it, detach or stop that one."
            ) from error

    def _ours(self, handle: Handle) -> dict[str, Any] | None:
        """The container, unless it is gone or belongs to somebody else."""
        container = self._inspect(handle)
        if container is None:
            return None
        owner = (container["Config"]["Labels"] or {}).get(naming.ENGINE_LABEL)
        return container if owner == self._engine_id else None

    def _inspect(self, container: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._api.inspect_container(container)
        except docker.errors.NotFound:
            return None
        return found

    def _containers_of(self, cluster_id: ClusterId) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._api.containers(
            all=True, filters=self._filters(cluster_id)
        )
        return found

    def _networks_of(self, cluster_id: ClusterId) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._api.networks(filters=self._filters(cluster_id))
        return found

    def _filters(self, cluster_id: ClusterId) -> dict[str, list[str]]:
        labels = naming.network_labels(self._engine_id, cluster_id)
        return {"label": [f"{name}={value}" for name, value in labels.items()]}


def _require_labels(found: dict[str, str] | None, wanted: dict[str, str], *, what: str) -> None:
    """Refuse to take over what somebody else has made under our name."""
    if wanted.items() <= (found or {}).items():
        return
    raise ProvisioningError(
        f"There is a {what} already that this engine did not make. Remove or rename it."
    )
