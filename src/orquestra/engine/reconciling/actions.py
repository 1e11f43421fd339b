"""What the reconciler can decide to do. Every action may be done again without harm."""

from dataclasses import dataclass

from orquestra.engine.provisioning.contract import Handle
from orquestra.sdk.schema.cluster import ClusterId, NodeId
from orquestra.sdk.schema.workflow_run import WorkflowRunId


@dataclass(frozen=True, kw_only=True)
class LookUpImages:
    """Find out what run clusters that wait are to be started from."""


@dataclass(frozen=True, kw_only=True)
class AddCluster:
    """Make a run cluster that waits for runs. One is made at a time."""


@dataclass(frozen=True, kw_only=True)
class LaunchHead:
    """Give a run cluster its head."""

    cluster_id: ClusterId


@dataclass(frozen=True, kw_only=True)
class ReplaceHead:
    """A head was lost: take away what was left of its cluster and launch another.

    `launches` is how many heads it had: where it has had one more since, nothing is done.
    """

    cluster_id: ClusterId
    reason: str
    handle: Handle | None
    launches: int


@dataclass(frozen=True, kw_only=True)
class LaunchNode:
    """Pull a node's image and start it."""

    cluster_id: ClusterId
    node_id: NodeId


@dataclass(frozen=True, kw_only=True)
class RemoveNode:
    """Stop and delete a node, if there is anything of it, and record it as stopped."""

    cluster_id: ClusterId
    node_id: NodeId
    handle: Handle | None


@dataclass(frozen=True, kw_only=True)
class LoseNode:
    """A node that had joined is gone: record why. The runs go on without it."""

    cluster_id: ClusterId
    node_id: NodeId
    reason: str
    handle: Handle | None


@dataclass(frozen=True, kw_only=True)
class FailNode:
    """A node could not start: end the runs that use its pool, or, without any, its cluster.

    If it has joined after all, or is not wanted any more, nothing is done. The last lines of
    `handle` are told with the reason.
    """

    cluster_id: ClusterId
    node_id: NodeId
    reason: str
    handle: Handle | None


@dataclass(frozen=True, kw_only=True)
class FailRun:
    """End a run that cannot go on. The last lines of `handle` are told with the reason.

    With `unless_begun` the reason is a head that has not reported: if it has by now, nothing is
    done. With `blamed` the loss of a head is put down to it, and not to the other runs of its
    cluster.
    """

    cluster_id: ClusterId
    run_id: WorkflowRunId
    reason: str
    handle: Handle | None = None
    unless_begun: bool = False
    blamed: bool = False


@dataclass(frozen=True, kw_only=True)
class RetireCluster:
    """Nothing is to execute on a cluster any more. If it has got a run by now, nothing is done.

    `broken`: it did not work, so another one like it has to wait a little.
    """

    cluster_id: ClusterId
    reason: str
    broken: bool
    handle: Handle | None = None


@dataclass(frozen=True, kw_only=True)
class ReleaseCluster:
    """Take away everything of a cluster that is over; no record knows of an `orphan`."""

    cluster_id: ClusterId
    orphan: bool = False


NodeAction = LaunchNode | RemoveNode | LoseNode | FailNode
ClusterAction = LaunchHead | ReplaceHead | FailRun | RetireCluster | ReleaseCluster
Preparation = LookUpImages | AddCluster
Action = NodeAction | ClusterAction | Preparation

Target = tuple[ClusterId | None, NodeId | None]


def target_of(action: Action) -> Target:
    """What an action works on: a node, a cluster, or what waits for runs.

    Each has one action at a time.
    """
    match action:
        case LaunchNode() | RemoveNode() | LoseNode() | FailNode():
            return action.cluster_id, action.node_id
        case LookUpImages() | AddCluster():
            return None, None
        case _:
            return action.cluster_id, None
