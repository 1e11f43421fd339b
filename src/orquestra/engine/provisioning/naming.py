"""Names and labels of everything that a provisioner makes."""

import hashlib
import re

from orquestra.engine.provisioning.contract import LaunchSpec
from orquestra.sdk.schema.cluster import ClusterId, NodeId

ENGINE_LABEL = "io.orquestra.engine"
CLUSTER_LABEL = "io.orquestra.cluster"
POOL_LABEL = "io.orquestra.pool"
NODE_LABEL = "io.orquestra.node"

_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST = 200


def network_name(cluster_id: ClusterId) -> str:
    """The name of a cluster's private network."""
    return _valid(f"orq-{cluster_id}")


def container_name(cluster_id: ClusterId, node_id: NodeId) -> str:
    """The name of a head's or node's container."""
    return _valid(f"orq-{cluster_id}-{node_id}")


def network_labels(engine_id: str, cluster_id: ClusterId) -> dict[str, str]:
    """Labels by which a network is found again."""
    return {ENGINE_LABEL: engine_id, CLUSTER_LABEL: cluster_id}


def container_labels(engine_id: str, spec: LaunchSpec) -> dict[str, str]:
    """Labels by which a container is found again; a head has no pool, its label is empty."""
    return {
        ENGINE_LABEL: engine_id,
        CLUSTER_LABEL: spec.cluster_id,
        POOL_LABEL: spec.pool_id or "",
        NODE_LABEL: spec.node_id,
    }


def _valid(name: str) -> str:
    """`name` where it is allowed; else a readable form with a digest that keeps it unique."""
    if not _UNNAMEABLE.search(name) and len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{_UNNAMEABLE.sub('-', name)[:_LONGEST]}-{digest}"
