"""The configuration of Ray's autoscaler for a run cluster, and the label that pins tasks to pools.

A task is pinned by a node label, not by a custom resource: a label does not run out, so it puts
no ceiling of its own on the tasks of a node. Ray 2.60's autoscaler v2 and its scheduler agree on
labels (measured: from zero to the cap, and back to zero).
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from orquestra.executor.capacity import node_cpus
from orquestra.sdk.schema.cluster import ClusterId, NodeId, PoolId, PoolPlan

POOL_LABEL = "orquestra.io/pool"
NODE_LABEL = "orquestra.io/node"
HEAD_ID = NodeId("head")
HEAD_TYPE = PoolId("head")
PROVIDER = "orquestra.executor.node_provider.EngineNodeProvider"

AT_ONCE = 1000
"""More nodes than any pool has: one request to the engine covers all that a pool is short of."""

_UNUSED_LISTS = (
    "initialization_commands",
    "setup_commands",
    "head_setup_commands",
    "worker_setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
    "cluster_synced_files",
    "rsync_exclude",
    "rsync_filter",
)

AUTOSCALER_ENVIRONMENT: Mapping[str, str] = {
    "RAY_enable_autoscaler_v2": "1",
    "AUTOSCALER_UPDATE_INTERVAL_S": "1",
    "AUTOSCALER_METRIC_PORT": "0",  # any; else a fixed one
    "AUTOSCALER_MAX_LAUNCH_BATCH": str(AT_ONCE),
    # Divided by the batch this is the number of threads that launch: one for each of many pools.
    "AUTOSCALER_MAX_CONCURRENT_LAUNCHES": str(16 * AT_ONCE),
    # The engine watches pulls itself and ends a run whose nodes cannot start.
    "RAY_AUTOSCALER_RECONCILE_ALLOCATE_STATUS_TIMEOUT_S": "1800",
}


def autoscaler_config(
    cluster_id: ClusterId, *, pools: Iterable[PoolPlan], idle_timeout: timedelta
) -> dict[str, Any]:
    """What Ray's autoscaler reads: one node type for the head, and one for each pool."""
    pools = list(pools)
    return {
        "cluster_name": cluster_id,
        "max_workers": sum(pool.max_nodes for pool in pools),
        "upscaling_speed": AT_ONCE,
        "idle_timeout_minutes": idle_timeout.total_seconds() / 60,
        "provider": {
            "type": "external",
            "module": PROVIDER,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "head_node_type": HEAD_TYPE,
        "available_node_types": {
            HEAD_TYPE: {
                "resources": {"CPU": 0},
                "node_config": {},
                "min_workers": 0,
                "max_workers": 0,
            },
            **{pool.id: _pool_type(pool) for pool in pools},
        },
        # Ray insists on these keys of its cluster launcher, which is not in use.
        **{key: [] for key in _UNUSED_LISTS},
        "auth": {},
        "file_mounts": {},
    }


def node_labels(*, pool_id: PoolId, node_id: NodeId) -> dict[str, str]:
    """The labels of a node; the autoscaler knows of the first one only."""
    return {POOL_LABEL: pool_id, NODE_LABEL: node_id}


def _pool_type(pool: PoolPlan) -> dict[str, Any]:
    resources = {"CPU": node_cpus(pool.size), "memory": pool.size.memory}
    if pool.size.gpu:
        resources["GPU"] = pool.size.gpu
    return {
        "resources": resources,
        "labels": {POOL_LABEL: pool.id},
        "node_config": {},
        "min_workers": pool.min_nodes,
        "max_workers": pool.max_nodes,
    }
