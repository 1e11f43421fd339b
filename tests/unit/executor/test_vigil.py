"""Calls that let nobody speak: what becomes of their run, and of what waits behind them."""

from orquestra.executor.protocol import Calls, Recall
from orquestra.executor.testing import Behaviour, PlanBuilder
from tests.unit.executor.playing import cluster, number


def test_a_stopped_run_is_over_soon_although_its_call_lets_nobody_speak():
    builder = PlanBuilder()
    built = builder.build(builder.call(number))
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6, silent=True))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=0.6)
    assert crew.calls

    crew.executor.end("run-1")
    crew.after(1.1, crew.executor.turn)
    crew.play(until=2)

    assert not crew.up


def test_nothing_is_put_behind_a_call_that_lets_nobody_speak():
    builder = PlanBuilder()
    calls = [builder.call(number, n) for n in range(3)]
    built = builder.build(calls[0])
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6, silent=True))
    crew.executor.begin(built.plan, built.definition)
    crew.after(1, crew.executor.turn)
    crew.play(until=2)

    assert [type(message) for _, message in crew.messages] == [Calls, Recall]
    (worker,) = crew.executor._scheduler.workers.values()
    assert worker.slow == 1
