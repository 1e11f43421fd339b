"""What the reconciler decides, for every way in which a run cluster can differ from its records."""

from datetime import timedelta

import pytest

from orquestra.engine.provisioning.contract import HEAD, Handle, Observation, Phase
from orquestra.engine.reconciling.actions import (
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
from orquestra.engine.reconciling.decisions import Limits, decide
from orquestra.engine.reconciling.views import NodeView
from orquestra.sdk.schema.cluster import NodeId, NodeState
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.reconciling.seen import CLUSTER, NOW, cluster, run

LIMITS = Limits(start=timedelta(seconds=60), watching_since=NOW - timedelta(hours=1))
NODE = NodeId("n-1")
LATE = NOW - timedelta(seconds=61)


def node(
    state: NodeState, *, launched: timedelta | None = timedelta(seconds=5), name: NodeId = NODE
) -> NodeView:
    launched_at = NOW - launched if launched is not None else None
    return NodeView(id=name, image="demo/sklearn:1", state=state, launched_at=launched_at)


def container(node_id: NodeId, phase: Phase = Phase.RUNNING, **changes) -> Observation:
    return Observation(
        handle=Handle(f"container-{node_id}"),
        cluster_id=CLUSTER,
        node_id=node_id,
        phase=phase,
        **changes,
    )


LOST_HEAD = container(HEAD, Phase.EXITED, exit_code=1)


def decided(view, *seen: Observation, limits: Limits = LIMITS):
    return decide(view, {found.node_id: found for found in seen}, now=NOW, limits=limits)


def test_a_cluster_as_it_should_be_needs_nothing():
    assert decided(cluster(node(NodeState.READY)), container(HEAD), container(NODE)) == []


def test_a_new_cluster_gets_its_head_before_anything_else():
    view = cluster(head_launches=0, head_launched_at=None, head_began=False)

    assert decided(view) == [LaunchHead(cluster_id=CLUSTER)]


@pytest.mark.parametrize("phase", [Phase.CREATED, Phase.RUNNING])
@pytest.mark.parametrize("launches", [0, 1])
def test_a_launch_that_was_cut_short_is_completed(phase, launches):
    view = cluster(head_launches=launches, head_launched_at=None, head_began=False)

    assert decided(view, container(HEAD, phase)) == [LaunchHead(cluster_id=CLUSTER)]


def test_a_lost_head_that_was_counted_is_followed_by_a_launch_also_after_a_kill():
    view = cluster(head_launches=2, head_launched_at=None, head_began=False)

    assert decided(view) == [LaunchHead(cluster_id=CLUSTER)]


class TestALostHead:
    @pytest.mark.parametrize("head", [None, LOST_HEAD])
    @pytest.mark.parametrize("lost", [0, 1])
    def test_is_replaced_whatever_its_nodes_do(self, head, lost):
        view = cluster(node(NodeState.STARTING), runs=(run(heads_lost=lost),), head_launches=7)

        (action,) = decided(view, *([head] if head else []))

        assert isinstance(action, ReplaceHead)
        assert action.launches == 7

    def test_fails_a_run_that_has_lost_two_before_with_the_reason(self):
        lost = container(HEAD, Phase.EXITED, exit_code=137, out_of_memory=True)

        (action,) = decided(cluster(runs=(run(heads_lost=2),)), lost)

        assert isinstance(action, FailRun)
        assert "out of memory" in action.reason
        assert "so did the 2 before it" in action.reason
        assert action.handle == lost.handle

    def test_fails_a_run_in_which_a_task_has_failed_for_good(self):
        (action,) = decided(cluster(runs=(run(state=State.FAILED),)), LOST_HEAD)

        assert isinstance(action, FailRun)

    def test_of_a_shared_cluster_fails_the_hopeless_runs_before_the_others_get_another_head(self):
        hopeful, hopeless = run("a", heads_lost=1), run("b", heads_lost=2)

        (first,) = decided(cluster(shared=True, runs=(hopeful, hopeless)), LOST_HEAD)
        (then,) = decided(cluster(shared=True, runs=(hopeful,)), LOST_HEAD)

        assert isinstance(first, FailRun)
        assert first.run_id == "b"
        assert isinstance(then, ReplaceHead)

    def test_is_blamed_on_the_run_that_began_last_of_those_that_lost_most(self):
        early = run("early", heads_lost=2, started_at=NOW - timedelta(hours=1))
        late = run("late", heads_lost=2)
        lucky = run("lucky", heads_lost=1, started_at=NOW + timedelta(hours=1))

        (action,) = decided(cluster(shared=True, runs=(late, lucky, early)), LOST_HEAD)

        assert (action.run_id, action.blamed) == ("late", True)
        assert "head_node_resources" not in action.reason

    @pytest.mark.parametrize("shared", [True, False])
    def test_ends_a_cluster_that_executes_nothing(self, shared):
        (action,) = decided(cluster(shared=shared, runs=(), taken=shared), LOST_HEAD)

        assert isinstance(action, RetireCluster)
        assert action.broken


class TestAHeadThatNeverBegins:
    @pytest.mark.parametrize("launches", [1, 2])
    def test_fails_the_run(self, launches):
        view = cluster(head_launches=launches, head_launched_at=LATE, head_began=False)

        (action,) = decided(view, container(HEAD))

        assert isinstance(action, FailRun)
        assert "within 60 seconds" in action.reason
        assert action.unless_begun

    def test_ends_a_standby(self):
        view = cluster(runs=(), taken=False, head_launched_at=LATE, head_began=False)

        (action,) = decided(view, container(HEAD))

        assert isinstance(action, RetireCluster)

    def test_gets_its_time_anew_where_the_engine_has_just_come_back(self):
        limits = Limits(start=timedelta(seconds=60), watching_since=NOW - timedelta(seconds=3))
        starting = node(NodeState.STARTING, launched=timedelta(seconds=90))
        view = cluster(starting, head_launched_at=LATE, head_began=False)

        assert decided(view, container(HEAD), container(NODE), limits=limits) == []


def test_a_head_that_works_may_take_as_long_as_it_needs():
    view = cluster(head_launched_at=NOW - timedelta(hours=9))

    assert decided(view, container(HEAD)) == []


@pytest.mark.parametrize("state", [NodeState.REQUESTED, NodeState.PULLING])
def test_a_requested_node_is_launched_also_after_a_restart(state):
    actions = decided(cluster(node(state, launched=None)), container(HEAD))

    assert actions == [LaunchNode(cluster_id=CLUSTER, node_id=NODE)]


def test_a_node_waits_until_its_head_has_said_where_it_is():
    view = cluster(node(NodeState.REQUESTED, launched=None), head_began=False)

    assert decided(view, container(HEAD)) == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ([container(NODE, Phase.EXITED, exit_code=3)], "exit code 3"),
        ([container(NODE, Phase.EXITED, out_of_memory=True)], "out of memory"),
        ([], "removed by somebody else"),
    ],
)
def test_a_node_that_ends_before_it_joined_fails_with_the_reason(seen, said):
    (action,) = decided(cluster(node(NodeState.STARTING)), container(HEAD), *seen)

    assert isinstance(action, FailNode)
    assert action.node_id == NODE
    assert "demo/sklearn:1" in action.reason
    assert said in action.reason


def test_a_node_that_does_not_join_in_time_fails_and_the_others_go_on():
    late = node(NodeState.STARTING, launched=timedelta(seconds=61))
    other = node(NodeState.REQUESTED, launched=None, name=NodeId("n-2"))

    failed, launched = decided(cluster(late, other), container(HEAD), container(NODE))

    assert isinstance(failed, FailNode)
    assert "did not join" in failed.reason
    assert launched == LaunchNode(cluster_id=CLUSTER, node_id=NodeId("n-2"))


def test_a_node_lost_after_it_joined_is_recorded_and_the_runs_go_on():
    lost = container(NODE, Phase.EXITED, exit_code=137)

    (action,) = decided(cluster(node(NodeState.READY)), container(HEAD), lost)

    assert isinstance(action, LoseNode)
    assert "exit code 137" in action.reason


@pytest.mark.parametrize("launched", [True, False])
def test_a_node_no_longer_needed_is_removed(launched):
    view = cluster(node(NodeState.STOPPING, launched=timedelta(0) if launched else None))

    actions = decided(view, container(HEAD), *([container(NODE)] if launched else []))

    handle = Handle("container-n-1") if launched else None
    assert actions == [RemoveNode(cluster_id=CLUSTER, node_id=NODE, handle=handle)]


def test_what_belongs_to_no_living_node_is_removed():
    actions = decided(cluster(), container(HEAD), container(NODE))

    handle = Handle("container-n-1")
    assert actions == [RemoveNode(cluster_id=CLUSTER, node_id=NODE, handle=handle)]


@pytest.mark.parametrize(
    "changes", [{"runs": ()}, {"retired": True}, {"shared": True, "retired": True}]
)
def test_a_cluster_that_is_over_is_released_and_nothing_else(changes):
    view = cluster(node(NodeState.REQUESTED), **changes)

    actions = decided(view, container(HEAD), container(NODE))

    assert actions == [ReleaseCluster(cluster_id=CLUSTER)]


@pytest.mark.parametrize("changes", [{"shared": True}, {"taken": False}])
def test_a_cluster_that_waits_for_runs_is_left_alone(changes):
    view = cluster(node(NodeState.READY), runs=(), **changes)

    assert decided(view, container(HEAD), container(NODE)) == []
