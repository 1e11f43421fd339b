"""From what should exist and what does to what is to be done. Pure: no clock, no input, no output.

A view must be older than the inventory it is compared with: what the view knows as launched is
then either in the inventory or gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orquestra.engine.provisioning.contract import HEAD, Handle, Observation, Phase
from orquestra.engine.reconciling.actions import (
    Action,
    FailNode,
    FailRun,
    LaunchHead,
    LaunchNode,
    LoseNode,
    ReleaseCluster,
    RemoveNode,
    ReplaceHead,
    RetireCluster,
)
from orquestra.engine.reconciling.views import ClusterView, NodeView, RunView
from orquestra.sdk.schema.cluster import NodeId, NodeState

Seen = Mapping[NodeId, Observation]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long what was launched may take until it reports, and how many heads a run may lose.

    `watching_since` is when this engine began to look: what was launched before that may have
    reported to nobody, so its time counts from then.
    """

    start: timedelta
    watching_since: datetime
    heads_lost: int = 2


def decide(cluster: ClusterView, seen: Seen, *, now: datetime, limits: Limits) -> list[Action]:
    """All that is to be done for one run cluster."""
    if cluster.is_over:
        return [ReleaseCluster(cluster_id=cluster.id)]
    troubles = list(_head_actions(cluster, seen.get(HEAD), now=now, limits=limits))
    if troubles:
        return troubles
    actions: list[Action] = []
    for node in cluster.nodes:
        actions.extend(_node_actions(cluster, node, seen=seen, now=now, limits=limits))
    known = {HEAD, *(node.id for node in cluster.nodes)}
    actions.extend(
        RemoveNode(cluster_id=cluster.id, node_id=node_id, handle=seen[node_id].handle)
        for node_id in seen.keys() - known
    )
    return actions


def _head_actions(
    cluster: ClusterView, head: Observation | None, *, now: datetime, limits: Limits
) -> Iterator[Action]:
    lost = head is None or head.phase is Phase.EXITED
    launched = cluster.head_launched_at is not None
    if lost and launched:
        yield _lost_head(cluster, head, limits=limits)
    elif not launched or (head and head.phase is Phase.CREATED):
        # Also where an earlier engine died in the middle of it: a launch completes what was begun.
        yield LaunchHead(cluster_id=cluster.id)
    elif not cluster.head_began and _overdue(cluster.head_launched_at, now, limits):
        reason = (
            f"The head of the run cluster did not begin to work within {_seconds(limits.start)}"
        )
        yield _given_up(cluster, reason=reason, handle=head.handle if head else None)


def _given_up(
    cluster: ClusterView, *, reason: str, handle: Handle | None
) -> FailRun | RetireCluster:
    """The end of a run whose cluster has no use; the others follow in the next rounds."""
    for run in cluster.runs:
        return FailRun(
            cluster_id=cluster.id, run_id=run.id, reason=reason, handle=handle, unless_begun=True
        )
    return RetireCluster(cluster_id=cluster.id, reason=reason, broken=True, handle=handle)


def _lost_head(
    cluster: ClusterView, head: Observation | None, *, limits: Limits
) -> ReplaceHead | FailRun | RetireCluster:
    reason = f"The head of the run cluster {_ending(head)}"
    handle = head.handle if head else None
    if not cluster.runs:
        return RetireCluster(cluster_id=cluster.id, reason=reason, broken=True, handle=handle)
    for run in cluster.runs:
        if run.state.is_completed():
            # A task has failed for good, and a new head would not know of it.
            return FailRun(cluster_id=cluster.id, run_id=run.id, reason=reason, handle=handle)
    suspect = max(cluster.runs, key=_suspicion)
    if suspect.heads_lost >= limits.heads_lost:
        return FailRun(
            cluster_id=cluster.id,
            run_id=suspect.id,
            reason=_blame(cluster, suspect, reason=reason),
            handle=handle,
            blamed=True,
        )
    launches = cluster.head_launches
    return ReplaceHead(cluster_id=cluster.id, reason=reason, handle=handle, launches=launches)


def _suspicion(run: RunView) -> tuple[int, bool, datetime]:
    """Who most likely ends heads: the run under which most were lost, then the latest one."""
    began = run.started_at is not None
    return run.heads_lost, began, run.started_at or datetime.min.replace(tzinfo=UTC)


def _blame(cluster: ClusterView, run: RunView, *, reason: str) -> str:
    if cluster.shared:
        advice = (
            "It is taken for the cause, and other runs go on. If this machine has run out of "
            "memory, let its tasks return less, or end other programs"
        )
    else:
        advice = "If it needs more memory, ask for it with head_node_resources on the workflow"
    return f"{reason}, and so did the {run.heads_lost} before it. {advice}"


def _node_actions(
    cluster: ClusterView, node: NodeView, *, seen: Seen, now: datetime, limits: Limits
) -> Iterator[Action]:
    found = seen.get(node.id)
    handle = found.handle if found else None
    lost = found is None or found.phase is Phase.EXITED
    if node.state in (NodeState.REQUESTED, NodeState.PULLING):
        # Before its head has begun, a node could not be told where that is.
        if cluster.head_began:
            yield LaunchNode(cluster_id=cluster.id, node_id=node.id)
    elif node.state is NodeState.STOPPING:
        yield RemoveNode(cluster_id=cluster.id, node_id=node.id, handle=handle)
    elif node.state is NodeState.READY and lost:
        reason = f"The node {_ending(found)}."
        yield LoseNode(cluster_id=cluster.id, node_id=node.id, reason=reason, handle=handle)
    elif node.state is NodeState.STARTING and (lost or _overdue(node.launched_at, now, limits)):
        late = f"did not join the run cluster within {_seconds(limits.start)}"
        reason = f"A node of image {node.image} {_ending(found) if lost else late}"
        yield FailNode(cluster_id=cluster.id, node_id=node.id, reason=reason, handle=handle)


def _ending(found: Observation | None) -> str:
    if found is None:
        return "was removed by somebody else"
    if found.out_of_memory:
        return "ran out of memory and was ended by the kernel"
    return f"ended by itself with exit code {found.exit_code}"


def _overdue(since: datetime | None, now: datetime, limits: Limits) -> bool:
    return since is not None and now - max(since, limits.watching_since) > limits.start


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():.0f} seconds"
