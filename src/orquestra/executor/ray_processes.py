"""How Ray itself is started on a head and on a node: command lines and environments.

Measured with 2.60.0 on two cores: a node joins in 2 s instead of 3 to 4 s without Ray's log
monitor (task logs go another way). Fixed ports save nothing. Metrics and dashboard are off.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from orquestra.executor.autoscaling import (
    AUTOSCALER_ENVIRONMENT,
    HEAD_ID,
    HEAD_TYPE,
    node_labels,
)
from orquestra.executor.capacity import node_cpus
from orquestra.sdk.schema.cluster import HeadStart, NodeStart

GCS_PORT = 6379

SMALLEST_STORE = 80 * 2**20
"""Ray does not start with less than 75 MiB of object store."""

_STORE_SHARE = 0.3
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the place where Ray keeps its object store

# Not the program `ray`: an image may have hidden it from PATH.
_RAY_START = (sys.executable, "-m", "ray.scripts.scripts", "start")

_FLAGS = (
    "--disable-usage-stats",
    "--include-log-monitor=false",
    "--block",
)

_ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL": "minor",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    # Otherwise a SIGTERM waits 30 s for the node's tasks, and 30 s for a head that is gone.
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
    # A killed container leaves its connections open, so a lost node shows by silence only: after
    # about 15 s instead of 30 s and more. Less would lose nodes that are just busy.
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
}


def head_command(start: HeadStart, *, config: Path, shared_memory: int) -> list[str]:
    """The command of Ray's head: no CPUs, so that no task ever runs beside the driver."""
    return [
        *(*_RAY_START, "--head", f"--port={GCS_PORT}", "--num-cpus=0", "--num-gpus=0"),
        f"--autoscaling-config={config}",
        f"--object-store-memory={store_size(start.size.memory, shared_memory=shared_memory)}",
        "--include-dashboard=false",
        *_FLAGS,
    ]


def node_command(start: NodeStart, *, folder: Path, shared_memory: int) -> list[str]:
    """The command of a node of Ray, which keeps its files in a folder of its own.

    All of the node's memory is offered to tasks: a task may ask for as much as a node has.
    """
    return [
        *(*_RAY_START, f"--address={start.head_host}:{GCS_PORT}"),
        f"--num-cpus={node_cpus(start.size)}",
        f"--memory={start.size.memory}",
        f"--num-gpus={start.size.gpu}",
        f"--object-store-memory={store_size(start.size.memory, shared_memory=shared_memory)}",
        # Nodes that start on one machine at once would take each other's sockets.
        f"--temp-dir={folder}",
        f"--labels={_label_text(node_labels(pool_id=start.pool_id, node_id=start.node_id))}",
        *_FLAGS,
    ]


def head_environment(start: HeadStart) -> dict[str, str]:
    """Variables of every process on the head."""
    own = {"RAY_CLOUD_INSTANCE_ID": HEAD_ID, "RAY_NODE_TYPE_NAME": HEAD_TYPE}
    token = {"RAY_AUTH_TOKEN": start.ray_token}
    return {**os.environ, **_ENVIRONMENT, **AUTOSCALER_ENVIRONMENT, **token, **own}


def node_environment(start: NodeStart) -> dict[str, str]:
    """Variables of every process on a node; tasks inherit them."""
    own = {"RAY_CLOUD_INSTANCE_ID": start.node_id, "RAY_NODE_TYPE_NAME": start.pool_id}
    return {**os.environ, **_ENVIRONMENT, "RAY_AUTH_TOKEN": start.ray_token, **own}


def store_size(memory: int, *, shared_memory: int) -> int:
    """Bytes of the object store: a share of the memory, and not more than there is shared."""
    return max(SMALLEST_STORE, min(int(_STORE_SHARE * memory), shared_memory))


def free_shared_memory() -> int:
    """Bytes of shared memory that this container has left."""
    state = os.statvfs(_SHARED_MEMORY)
    return state.f_bavail * state.f_frsize


def _label_text(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in labels.items())
