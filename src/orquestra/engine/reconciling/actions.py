"""What the reconciler can decide to do. Every action may be done again without harm."""

from dataclasses import dataclass

from orquestra.engine.provisioning.contract import Handle
from orquestra.sdk.schema.cluster import NodeId, NodeState
from orquestra.sdk.schema.workflow_run import WorkflowRunId


@dataclass(frozen=True, kw_only=True)
class LaunchHead:
    """Give a run its head."""

    run_id: WorkflowRunId


@dataclass(frozen=True, kw_only=True)
class ReplaceHead:
    """A head was lost: take away what was left of its cluster and launch another."""

    run_id: WorkflowRunId
    reason: str


@dataclass(frozen=True, kw_only=True)
class LaunchNode:
    """Pull a node's image and start its container."""

    run_id: WorkflowRunId
    node_id: NodeId


@dataclass(frozen=True, kw_only=True)
class RemoveNode:
    """Stop and delete a node's container, if it has one, and record the node as stopped."""

    run_id: WorkflowRunId
    node_id: NodeId
    handle: Handle | None


@dataclass(frozen=True, kw_only=True)
class EndNode:
    """Record that a node is gone."""

    run_id: WorkflowRunId
    node_id: NodeId
    state: NodeState
    reason: str


@dataclass(frozen=True, kw_only=True)
class FailRun:
    """End a run that cannot go on. The last lines of `handle` are told with the reason."""

    run_id: WorkflowRunId
    reason: str
    handle: Handle | None = None
    node_id: NodeId | None = None


@dataclass(frozen=True, kw_only=True)
class ReleaseRun:
    """Take away everything of a run that is over."""

    run_id: WorkflowRunId


Action = LaunchHead | ReplaceHead | LaunchNode | RemoveNode | EndNode | FailRun | ReleaseRun

Target = tuple[type, WorkflowRunId, NodeId | None]


def target_of(action: Action) -> Target:
    """What an action is about: of two for the same target, one is enough."""
    return type(action), action.run_id, getattr(action, "node_id", None)
