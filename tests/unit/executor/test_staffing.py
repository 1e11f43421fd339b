"""How many workers are asked for and who stays, in runs played to their ends."""

from itertools import pairwise

from orquestra.executor.capacity import Demand
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import NODE, TWO, cluster, ends, execute, failing, finished, number


def test_workers_that_cannot_be_started_fail_their_tasks():
    builder = PlanBuilder()
    built = builder.build(builder.call(number))
    crew = cluster(built)
    crew.unable = "the interpreter is gone"

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert "could not be run: the interpreter is gone" in finished(crew)[0].message


def test_workers_that_cannot_be_started_are_asked_for_more_and_more_rarely():
    builder = PlanBuilder(min_nodes=1)
    crew = cluster(builder.build())
    crew.unable = "the interpreter is gone"

    for second in range(60):
        crew.after(second, crew.executor.turn)
    crew.play()

    pauses = [later[0] - earlier[0] for earlier, later in pairwise(crew.started)]
    assert 4 <= len(crew.started) <= 8
    assert pauses == sorted(pauses)


def test_one_default_worker_stays_up_where_nodes_stay_up():
    builder = PlanBuilder(pools={"default": (1, TWO)}, min_nodes=1)
    built = builder.build(builder.call(number))
    crew = cluster(built, size=TWO)
    crew.play(until=300)
    assert len(crew.up) == 1
    assert crew.started[0][1].demand == Demand(cpu=1, memory=0, gpu=0)

    crew.executor.begin(built.plan, built.definition)
    crew.play(until=0.1)

    assert finished(crew)[0].state is State.SUCCEEDED


def test_nobody_stays_up_in_a_pool_that_is_gone():
    builder = PlanBuilder(min_nodes=1)
    crew = cluster(builder.build())
    crew.play(until=5)
    assert len(crew.up) == 1

    crew.executor.set_pools([])
    crew.after(120, crew.executor.turn)
    crew.play()

    assert not crew.up


def test_an_idle_worker_makes_room_for_another_environment():
    builder = PlanBuilder(min_nodes=1)
    first = builder.call(number, 1)
    second = builder.call(number, first, env_vars={"A": "1"})

    crew = execute(builder.build(second))

    assert finished(crew)[0].state is State.SUCCEEDED
    assert ends(crew)[-1].ended_at - ends(crew)[0].ended_at < 1


def test_an_idle_worker_stays_where_another_environment_has_room_beside_it():
    builder = PlanBuilder(pools={"default": (1, TWO)}, min_nodes=1)
    first = builder.call(number, 1)
    second = builder.call(number, first, env_vars={"A": "1"})
    built = builder.build(second)
    crew = cluster(built, size=TWO)
    crew.executor.begin(built.plan, built.definition)

    crew.play(until=5)

    assert finished(crew)[0].state is State.SUCCEEDED
    assert crew.most_up == 2


def test_a_pool_that_no_task_can_use_any_more_is_released():
    builder = PlanBuilder(pools={"a": (1, NODE), "b": (1, NODE)})
    first = builder.call(number, 1, pool="a")
    last = builder.call(number, first, pool="b")
    slow = failing(last.invocation_id, Behaviour(seconds=5))
    built = builder.build(last)
    crew = cluster(built, behave=slow)

    crew.executor.begin(built.plan, built.definition)
    crew.play(until=3)

    assert crew.released == ["a"]
    assert len(crew.up) == 1


def test_the_first_worker_of_a_pool_is_asked_for_while_the_tasks_before_still_run():
    builder = PlanBuilder(pools={"a": (1, NODE), "b": (1, NODE)})
    first = builder.call(number, 1, pool="a")
    last = builder.call(number, first, pool="b")

    crew = execute(builder.build(last), behave=lambda _: Behaviour(seconds=2))

    assert finished(crew)[0].state is State.SUCCEEDED
    starts = {environment.pool_id: at for at, environment in reversed(crew.started)}
    assert starts["b"] < ends(crew)[0].ended_at - 1
