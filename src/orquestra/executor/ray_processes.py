"""How Ray itself is started on a head and on a node: command lines and environments.

Measured with 2.60.0 on two cores: a node joins in 2 s instead of 3 to 4 s without Ray's log
monitor (task logs go another way). Fixed ports save nothing. Metrics and dashboard are off. What
else is left out, `ray_start` says.
"""

import os
from pathlib import Path

from orquestra.executor.addresses import (
    ENVIRONMENTS_VARIABLE,
    EXCHANGE_VARIABLE,
    NODE_VARIABLE,
)
from orquestra.executor.autoscaling import (
    AUTOSCALER_ENVIRONMENT,
    HEAD_ID,
    HEAD_TYPE,
    node_labels,
)
from orquestra.executor.capacity import node_cpus
from orquestra.executor.ray_start import RayNode
from orquestra.sdk.schema.starts import Folders, HeadStart, NodeStart

SMALLEST_STORE = 80 * 2**20
"""Ray does not start with less than 75 MiB of object store."""

_STORE_SHARE = 0.3
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the place where Ray keeps its object store

_ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL": "minor",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    # Ray makes its workers give way to everything else. They are who the user waits for: on a busy
    # machine an empty task took more than 50 ms.
    "RAY_worker_niceness": "0",
    # Otherwise a SIGTERM waits 30 s for the node's tasks, and 30 s for a head that is gone.
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
    # A killed container leaves its connections open, so a lost node shows by silence only: after
    # about 15 s instead of 30 s and more. Less would lose nodes that are just busy.
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
}


def head_command(
    start: HeadStart, *, host: str, port: int, config: Path, folder: Path, shared_memory: int
) -> list[str]:
    """The command of Ray's head: no CPUs, so that no task ever runs beside the driver."""
    return RayNode(
        address=host,
        port=port,
        autoscaler=str(config),
        folder=str(folder),
        cpus=0,
        gpus=0,
        store=store_size(start.size.memory, shared_memory=shared_memory),
        loopback=start.loopback,
    ).command()


def node_command(start: NodeStart, *, folder: Path, shared_memory: int) -> list[str]:
    """The command of a node of Ray.

    All of the node's memory is offered to tasks: a task may ask for as much as a node has.
    """
    return RayNode(
        address=start.head_address,
        folder=str(folder),
        cpus=node_cpus(start.size),
        gpus=start.size.gpu,
        memory=start.size.memory,
        store=store_size(start.size.memory, shared_memory=shared_memory),
        labels=node_labels(pool_id=start.pool_id, node_id=start.node_id),
        loopback=start.loopback,
    ).command()


def head_environment(start: HeadStart) -> dict[str, str]:
    """Variables of every process on the head."""
    own = {NODE_VARIABLE: HEAD_ID, "RAY_NODE_TYPE_NAME": HEAD_TYPE}
    return {**_environment(start), **AUTOSCALER_ENVIRONMENT, **own}


def node_environment(start: NodeStart) -> dict[str, str]:
    """Variables of every process on a node; tasks inherit them."""
    own = {NODE_VARIABLE: start.node_id, "RAY_NODE_TYPE_NAME": start.pool_id}
    return {**_environment(start), **_folders(start.folders), **own}


def _environment(start: HeadStart | NodeStart) -> dict[str, str]:
    return {**os.environ, **_ENVIRONMENT, "RAY_AUTH_TOKEN": start.ray_token}


def _folders(folders: Folders) -> dict[str, str]:
    return {EXCHANGE_VARIABLE: folders.exchange, ENVIRONMENTS_VARIABLE: folders.environments}


def store_size(memory: int, *, shared_memory: int) -> int:
    """Bytes of the object store: a share of the memory, and not more than there is shared."""
    return max(SMALLEST_STORE, min(int(_STORE_SHARE * memory), shared_memory))


def free_shared_memory() -> int:
    """Bytes of shared memory that are left here."""
    state = os.statvfs(_SHARED_MEMORY)
    return state.f_bavail * state.f_frsize
