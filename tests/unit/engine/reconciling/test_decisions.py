"""What the reconciler decides, for every way in which a run cluster can differ from its records."""

from datetime import UTC, datetime, timedelta

import pytest

from orquestra.engine.provisioning.contract import HEAD, Handle, Observation, Phase
from orquestra.engine.reconciling.actions import (
    FailRun,
    LaunchHead,
    LaunchNode,
    LoseNode,
    ReleaseRun,
    RemoveNode,
    ReplaceHead,
)
from orquestra.engine.reconciling.decisions import Limits, decide
from orquestra.engine.reconciling.views import NodeView, RunView
from orquestra.sdk.schema.cluster import NodeId, NodeState, PoolId
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMITS = Limits(start=timedelta(seconds=60), watching_since=NOW - timedelta(hours=1))
RUN = WorkflowRunId("fit-Ab1Cd-r000")
NODE = NodeId("n-1")


def run(*nodes: NodeView, **changes) -> RunView:
    fields = {
        "id": RUN,
        "state": State.RUNNING,
        "executing": True,
        "head_launches": 1,
        "head_launched_at": NOW - timedelta(seconds=10),
        "head_began": True,
    }
    return RunView(**{**fields, **changes}, nodes=nodes)


def node(state: NodeState, *, launched: timedelta | None = timedelta(seconds=5)) -> NodeView:
    launched_at = NOW - launched if launched is not None else None
    return NodeView(id=NODE, image="demo/sklearn:1", state=state, launched_at=launched_at)


def container(node_id: NodeId, phase: Phase = Phase.RUNNING, **changes) -> Observation:
    return Observation(
        handle=Handle(f"container-{node_id}"),
        run_id=RUN,
        node_id=node_id,
        pool_id=None if node_id == HEAD else PoolId("p-1"),
        phase=phase,
        **changes,
    )


def decided(view: RunView, *seen: Observation, limits: Limits = LIMITS):
    return decide(view, {found.node_id: found for found in seen}, now=NOW, limits=limits)


def test_a_run_as_it_should_be_needs_nothing():
    assert decided(run(node(NodeState.READY)), container(HEAD), container(NODE)) == []


def test_a_new_run_gets_its_head_before_anything_else():
    view = run(head_launches=0, head_launched_at=None, head_began=False, state=State.WAITING)

    assert decided(view) == [LaunchHead(run_id=RUN)]


@pytest.mark.parametrize("phase", [Phase.CREATED, Phase.RUNNING])
@pytest.mark.parametrize("launches", [0, 1])
def test_a_launch_that_was_cut_short_is_completed(phase, launches):
    view = run(head_launches=launches, head_launched_at=None, head_began=False)

    expected = [] if (phase, launches) == (Phase.RUNNING, 1) else [LaunchHead(run_id=RUN)]
    assert decided(view, container(HEAD, phase)) == expected


@pytest.mark.parametrize("head", [None, container(HEAD, Phase.EXITED, exit_code=1)])
def test_a_lost_head_is_replaced_whatever_its_nodes_do(head):
    seen = [head] if head else []

    (action,) = decided(run(node(NodeState.STARTING)), *seen)

    assert isinstance(action, ReplaceHead)


def test_a_run_that_loses_head_after_head_fails_with_the_reason():
    lost = container(HEAD, Phase.EXITED, exit_code=137, out_of_memory=True)

    (action,) = decided(run(head_launches=3), lost)

    assert isinstance(action, FailRun)
    assert "out of memory" in action.reason
    assert action.handle == lost.handle


def test_a_head_that_never_begins_fails_the_run():
    late = NOW - timedelta(seconds=61)
    view = run(state=State.WAITING, head_launched_at=late, head_began=False)

    (action,) = decided(view, container(HEAD))

    assert isinstance(action, FailRun)
    assert "within 60 seconds" in action.reason


def test_a_replaced_head_that_never_begins_fails_the_run_too():
    late = NOW - timedelta(seconds=61)
    view = run(head_launches=2, head_launched_at=late, head_began=False)

    (action,) = decided(view, container(HEAD))

    assert isinstance(action, FailRun)


def test_a_head_lost_after_a_task_has_failed_for_good_ends_the_run():
    (action,) = decided(run(state=State.FAILED), container(HEAD, Phase.EXITED, exit_code=1))

    assert isinstance(action, FailRun)


def test_what_was_launched_before_the_engine_came_back_gets_its_time_anew():
    limits = Limits(start=timedelta(seconds=60), watching_since=NOW - timedelta(seconds=3))
    ago = timedelta(seconds=90)
    view = run(node(NodeState.STARTING, launched=ago), head_launched_at=NOW - ago, head_began=False)

    assert decided(view, container(HEAD), container(NODE), limits=limits) == []


def test_a_head_that_works_may_take_as_long_as_it_needs():
    view = run(head_launched_at=NOW - timedelta(hours=9))

    assert decided(view, container(HEAD)) == []


@pytest.mark.parametrize("state", [NodeState.REQUESTED, NodeState.PULLING])
def test_a_requested_node_is_launched_also_after_a_restart(state):
    actions = decided(run(node(state, launched=None)), container(HEAD))

    assert actions == [LaunchNode(run_id=RUN, node_id=NODE)]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ([container(NODE, Phase.EXITED, exit_code=3)], "exit code 3"),
        ([container(NODE, Phase.EXITED, out_of_memory=True)], "out of memory"),
        ([], "removed by somebody else"),
    ],
)
def test_a_node_that_ends_before_it_joined_fails_the_run_with_the_reason(seen, said):
    (action,) = decided(run(node(NodeState.STARTING)), container(HEAD), *seen)

    assert isinstance(action, FailRun)
    assert action.node_id == NODE
    assert "demo/sklearn:1" in action.reason
    assert said in action.reason


def test_a_node_that_does_not_join_in_time_fails_the_run():
    late = node(NodeState.STARTING, launched=timedelta(seconds=61))

    (action,) = decided(run(late), container(HEAD), container(NODE))

    assert isinstance(action, FailRun)
    assert "did not join" in action.reason


def test_a_node_lost_after_it_joined_is_recorded_and_the_run_goes_on():
    (action,) = decided(
        run(node(NodeState.READY)), container(HEAD), container(NODE, Phase.EXITED, exit_code=137)
    )

    assert isinstance(action, LoseNode)
    assert "exit code 137" in action.reason


def test_a_node_no_longer_needed_is_removed():
    actions = decided(run(node(NodeState.STOPPING)), container(HEAD), container(NODE))

    assert actions == [RemoveNode(run_id=RUN, node_id=NODE, handle=Handle("container-n-1"))]


def test_a_node_that_was_let_go_before_it_existed_is_recorded_as_stopped():
    actions = decided(run(node(NodeState.STOPPING, launched=None)), container(HEAD))

    assert actions == [RemoveNode(run_id=RUN, node_id=NODE, handle=None)]


def test_a_container_of_no_living_node_is_removed():
    actions = decided(run(), container(HEAD), container(NODE))

    assert actions == [RemoveNode(run_id=RUN, node_id=NODE, handle=Handle("container-n-1"))]


def test_a_run_that_is_over_is_released_and_nothing_else():
    view = run(node(NodeState.REQUESTED), state=State.TERMINATED, executing=False)

    assert decided(view, container(HEAD), container(NODE)) == [ReleaseRun(run_id=RUN)]
