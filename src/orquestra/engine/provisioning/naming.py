"""Names and labels of everything that a provisioner makes."""

import hashlib
import re

from orquestra.engine.provisioning.contract import LaunchSpec
from orquestra.sdk.schema.cluster import NodeId
from orquestra.sdk.schema.workflow_run import WorkflowRunId

ENGINE_LABEL = "io.orquestra.engine"
RUN_LABEL = "io.orquestra.run"
POOL_LABEL = "io.orquestra.pool"
NODE_LABEL = "io.orquestra.node"

_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST = 200


def network_name(run_id: WorkflowRunId) -> str:
    """The name of a run's private network."""
    return _valid(f"orq-{run_id}")


def container_name(run_id: WorkflowRunId, node_id: NodeId) -> str:
    """The name of a head's or node's container."""
    return _valid(f"orq-{run_id}-{node_id}")


def network_labels(engine_id: str, run_id: WorkflowRunId) -> dict[str, str]:
    """Labels by which a network is found again."""
    return {ENGINE_LABEL: engine_id, RUN_LABEL: run_id}


def container_labels(engine_id: str, spec: LaunchSpec) -> dict[str, str]:
    """Labels by which a container is found again; a head has no pool, its label is empty."""
    return {
        ENGINE_LABEL: engine_id,
        RUN_LABEL: spec.run_id,
        POOL_LABEL: spec.pool_id or "",
        NODE_LABEL: spec.node_id,
    }


def _valid(name: str) -> str:
    """`name` where it is allowed; else a readable form with a digest that keeps it unique."""
    if not _UNNAMEABLE.search(name) and len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{_UNNAMEABLE.sub('-', name)[:_LONGEST]}-{digest}"
