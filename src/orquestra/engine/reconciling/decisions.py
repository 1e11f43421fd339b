"""From what should exist and what does to what is to be done. Pure: no clock, no input, no output.

A view must be older than the inventory it is compared with: what the view knows as launched is
then either in the inventory or gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orquestra.engine.provisioning.contract import HEAD, Observation, Phase
from orquestra.engine.reconciling.actions import (
    Action,
    FailRun,
    LaunchHead,
    LaunchNode,
    LoseNode,
    ReleaseRun,
    RemoveNode,
    ReplaceHead,
)
from orquestra.engine.reconciling.views import NodeView, RunView
from orquestra.sdk.schema.cluster import NodeId, NodeState

Seen = Mapping[NodeId, Observation]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a launched container may take until it reports, and how many heads a run gets.

    `watching_since` is when this engine began to look: what was launched before that may have
    reported to nobody, so its time counts from then.
    """

    start: timedelta
    watching_since: datetime
    heads: int = 3


def decide(run: RunView, seen: Seen, *, now: datetime, limits: Limits) -> list[Action]:
    """All that is to be done for one run."""
    if not run.executing:
        return [ReleaseRun(run_id=run.id)]
    troubles = list(_head_actions(run, seen.get(HEAD), now=now, limits=limits))
    if troubles:
        return troubles
    actions: list[Action] = []
    for node in run.nodes:
        actions.extend(_node_actions(run, node, seen=seen, now=now, limits=limits))
    known = {HEAD, *(node.id for node in run.nodes)}
    actions.extend(
        RemoveNode(run_id=run.id, node_id=node_id, handle=seen[node_id].handle)
        for node_id in seen.keys() - known
    )
    failures = [action for action in actions if isinstance(action, FailRun)]
    return [failures[0]] if failures else actions


def _head_actions(
    run: RunView, head: Observation | None, *, now: datetime, limits: Limits
) -> Iterator[Action]:
    lost = head is None or head.phase is Phase.EXITED
    if lost and run.head_launches > 0:
        yield _lost_head(run, head, limits=limits)
    elif run.head_launches == 0 or (head and head.phase is Phase.CREATED):
        # Also where an earlier engine died in the middle of it: a launch completes what was begun.
        yield LaunchHead(run_id=run.id)
    elif not run.head_began and _overdue(run.head_launched_at, now, limits):
        yield FailRun(
            run_id=run.id,
            reason=f"The head of the run cluster did not begin to work within "
            f"{_seconds(limits.start)}",
            handle=head.handle if head else None,
            unless_begun=True,
        )


def _lost_head(run: RunView, head: Observation | None, *, limits: Limits) -> ReplaceHead | FailRun:
    reason = f"The head of the run cluster {_ending(head)}"
    handle = head.handle if head else None
    if run.state.is_completed():
        # A task has failed for good, and a new head would not know of it.
        return FailRun(run_id=run.id, reason=reason, handle=handle)
    if run.head_launches < limits.heads:
        launches = run.head_launches
        return ReplaceHead(run_id=run.id, reason=reason, handle=handle, launches=launches)
    return FailRun(
        run_id=run.id,
        reason=f"{reason}, and so did the {run.head_launches - 1} before it. "
        "If it needs more memory, ask for it with head_node_resources on the workflow",
        handle=handle,
    )


def _node_actions(
    run: RunView, node: NodeView, *, seen: Seen, now: datetime, limits: Limits
) -> Iterator[Action]:
    found = seen.get(node.id)
    lost = found is None or found.phase is Phase.EXITED
    if node.state in (NodeState.REQUESTED, NodeState.PULLING):
        yield LaunchNode(run_id=run.id, node_id=node.id)
    elif node.state is NodeState.STOPPING:
        handle = found.handle if found else None
        yield RemoveNode(run_id=run.id, node_id=node.id, handle=handle)
    elif node.state is NodeState.READY and lost:
        reason = f"The node {_ending(found)}."
        handle = found.handle if found else None
        yield LoseNode(run_id=run.id, node_id=node.id, reason=reason, handle=handle)
    elif node.state is NodeState.STARTING and (lost or _overdue(node.launched_at, now, limits)):
        yield _start_failure(run, node, found=found, limits=limits)


def _start_failure(
    run: RunView, node: NodeView, *, found: Observation | None, limits: Limits
) -> FailRun:
    lost = found is None or found.phase is Phase.EXITED
    late = f"did not join the run cluster within {_seconds(limits.start)}"
    return FailRun(
        run_id=run.id,
        reason=f"A node of image {node.image} {_ending(found) if lost else late}",
        handle=found.handle if found else None,
        node_id=node.id,
    )


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
