"""What the reconciler can decide to do. Every action may be done again without harm."""

from dataclasses import dataclass

from orquestra.engine.provisioning.contract import Handle
from orquestra.sdk.schema.cluster import NodeId
from orquestra.sdk.schema.workflow_run import WorkflowRunId


@dataclass(frozen=True, kw_only=True)
class LaunchHead:
    """Give a run its head."""

    run_id: WorkflowRunId


@dataclass(frozen=True, kw_only=True)
class ReplaceHead:
    """A head was lost: take away what was left of its cluster and launch another.

    `launches` is how many heads the run had: where it has had one more since, nothing is done.
    """

    run_id: WorkflowRunId
    reason: str
    handle: Handle | None
    launches: int


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
class LoseNode:
    """A node that had joined is gone: record why. The run goes on without it."""

    run_id: WorkflowRunId
    node_id: NodeId
    reason: str
    handle: Handle | None


@dataclass(frozen=True, kw_only=True)
class FailRun:
    """End a run that cannot go on. The last lines of `handle` are told with the reason.

    Where `node_id` is given, that node is the reason: it could not start. If it has joined after
    all, or is not wanted any more, nothing is done. With `unless_begun` the reason is a head that
    has not reported: if it has by now, nothing is done.
    """

    run_id: WorkflowRunId
    reason: str
    handle: Handle | None = None
    node_id: NodeId | None = None
    unless_begun: bool = False


@dataclass(frozen=True, kw_only=True)
class ReleaseRun:
    """Take away everything of a run that is over."""

    run_id: WorkflowRunId


Action = LaunchHead | ReplaceHead | LaunchNode | RemoveNode | LoseNode | FailRun | ReleaseRun

Target = tuple[WorkflowRunId, NodeId | None]


def target_of(action: Action) -> Target:
    """What an action works on: a node, or the run. Each has one action at a time."""
    return action.run_id, getattr(action, "node_id", None)
