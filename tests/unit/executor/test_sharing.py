"""Runs that share a cluster: whose turn it is, and how many nodes each may use."""

from collections import Counter

from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import WIDE, cluster, ends, execute, finished, number


def most_at_once(endings):
    return max(
        sum(e.started_at <= other.started_at < e.ended_at for e in endings) for other in endings
    )


def test_runs_on_one_cluster_take_turns():
    first, second = PlanBuilder(run_id="run-1"), PlanBuilder(run_id="run-2")
    one = first.build(*[first.call(number, n) for n in range(40)])
    two = second.build(*[second.call(number, n) for n in range(4)])
    crew = cluster(one, behave=lambda _: Behaviour(seconds=0.1))

    crew.executor.begin(one.plan, one.definition)
    crew.executor.begin(two.plan, two.definition)
    crew.play()

    assert [end.run_id for end in finished(crew)] == ["run-2", "run-1"]
    last = max(at for at, (_, _, call) in enumerate(crew.calls) if call.function[0] == "run-2")
    assert last < 20


def test_a_run_uses_no_more_nodes_than_it_may():
    builder = PlanBuilder(pools=WIDE)
    built = builder.build(*[builder.call(number, n) for n in range(30)], max_nodes=2)

    crew = execute(built, nodes=4, behave=lambda _: Behaviour(seconds=0.3))

    assert finished(crew)[0].state is State.SUCCEEDED
    starts = Counter(at for at, _, _ in crew.calls)
    assert max(starts.values()) <= 2
    assert crew.most_up == 2


def test_a_run_leaves_to_another_what_it_may_not_use():
    first, second = PlanBuilder(pools=WIDE), PlanBuilder(pools=WIDE, run_id="run-2")
    one = first.build(*[first.call(number, n) for n in range(20)], max_nodes=1)
    two = second.build(*[second.call(number, n) for n in range(20)])
    crew = cluster(one, nodes=4, behave=lambda _: Behaviour(seconds=0.3))

    crew.executor.begin(one.plan, one.definition)
    crew.executor.begin(two.plan, two.definition)
    crew.play()

    assert [end.state for end in finished(crew)] == [State.SUCCEEDED] * 2
    assert most_at_once(ends(crew, "run-1")) == 1
    assert most_at_once(ends(crew, "run-2")) >= 3
    assert most_at_once([*ends(crew, "run-1"), *ends(crew, "run-2")]) == 4
