"""What a launch means in the words of the container client: a pure function."""

from typing import Any

from docker.types import EndpointConfig, LogConfig, Mount, Ulimit

from orquestra.engine.provisioning import contract, naming
from orquestra.engine.provisioning.limits import HostLimits

_USER = "1000:100"
_SHARED_MEMORY_PERCENT = 35
"""Of a container's memory; Ray's object store lies there, and falls back to disk with less."""
_PROCESSES_AND_THREADS = 16_384
_NANO = 1_000_000_000
_API_VERSION = "1.41"
"""Only decides which fields an endpoint may have; aliases are older."""


def container_arguments(
    spec: contract.LaunchSpec, *, engine_id: str, limits: HostLimits, limits_processes: bool
) -> dict[str, Any]:
    """Keyword arguments that create the container of `spec`.

    The image's own ENTRYPOINT, CMD, HEALTHCHECK and STOPSIGNAL never count.
    `limits_processes` says whether the container engine can limit processes and threads.
    """
    return {
        "name": naming.container_name(spec.cluster_id, spec.node_id),
        "image": spec.image,
        # An empty entrypoint does not do: podman then takes the image's.
        "entrypoint": list(spec.command[:1]),
        "command": list(spec.command[1:]),
        "environment": dict(spec.environment),
        "labels": naming.container_labels(engine_id, spec),
        "stop_signal": "SIGTERM",
        "healthcheck": {"test": ["NONE"]},
        "restart_policy": {"Name": ""},
        "log_config": LogConfig(
            type=LogConfig.types.JSON, config={"max-size": "10m", "max-file": "2"}
        ),
        "mounts": [_mount(mount) for mount in spec.mounts],
        **_identity(spec),
        **_confinement(spec, limits=limits, limits_processes=limits_processes),
    }


def _identity(spec: contract.LaunchSpec) -> dict[str, Any]:
    if spec.host_network:
        return {"network_mode": "host"}
    network = naming.network_name(spec.cluster_id)
    return {
        "hostname": spec.node_id,
        "network": network,
        "networking_config": {
            network: EndpointConfig(_API_VERSION, aliases=[spec.node_id, *spec.aliases])
        },
    }


def _confinement(
    spec: contract.LaunchSpec, *, limits: HostLimits, limits_processes: bool
) -> dict[str, Any]:
    return {
        "user": _USER,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": spec.size.memory,
        "memswap_limit": spec.size.memory,
        "nano_cpus": round(spec.size.cpu * _NANO),
        "shm_size": spec.size.memory * _SHARED_MEMORY_PERCENT // 100,
        "pids_limit": _PROCESSES_AND_THREADS if limits_processes else None,
        "ulimits": _ulimits(limits),
    }


def _ulimits(limits: HostLimits) -> list[Ulimit]:
    values = {"nofile": limits.open_files, "nproc": limits.processes}
    return [
        Ulimit(name=name, soft=value, hard=value)
        for name, value in values.items()
        if value is not None
    ]


def _mount(mount: contract.Mount) -> Mount:
    return Mount(target=mount.target, source=mount.source, type="bind", read_only=mount.read_only)
