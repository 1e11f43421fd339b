"""What workers are told, and what still counts of what they say at their ends."""

from orquestra.executor.protocol import Forget, Leave, Lines, Outcome, Outcomes, Taken
from orquestra.executor.surroundings import Cause, Death, Died, Lost, Said
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema.cluster import Location, LogStream, ValueFormat
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import cluster, ends, execute, finished, number


def test_workers_forget_a_run_that_is_over():
    builder = PlanBuilder()
    crew = execute(builder.build(builder.call(number)))

    assert [m.run_id for _, m in crew.messages if isinstance(m, Forget)] == ["run-1"]
    assert isinstance(crew.messages[-1][1], Forget | Leave)


def test_outcomes_that_arrive_after_the_death_of_their_worker_count():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=1)
    built = builder.build(only)
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=1)
    ((_, worker, call),) = crew.calls
    value = Location(f"run-1.{worker}.1", 0, 1, ValueFormat.JSON)

    crew.tell(Died(worker, Death(cause=Cause.CRASH, running=1)))
    crew.tell(Said([(worker, Outcomes([Outcome(call.number, 1.0, 2.0, (value,), None)]))]))
    crew.tell(Lost(worker))
    crew.executor.turn()

    assert finished(crew)[0].state is State.SUCCEEDED
    assert [end.attempt for end in ends(crew)] == [1]


def test_a_dead_worker_whose_connection_stays_is_not_waited_for_long():
    builder = PlanBuilder()
    only = builder.call(number, max_retries=0)
    built = builder.build(only)
    crew = cluster(built, behave=lambda _: Behaviour(seconds=1e6))
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=1)

    crew.tell(Died(crew.up[0], Death(cause=Cause.CRASH, running=1)))
    crew.after(3, crew.executor.turn)
    crew.play(until=4)

    assert finished(crew)[0].state is State.FAILED


def test_the_room_for_lines_is_given_back_even_if_their_call_is_gone():
    builder = PlanBuilder(min_nodes=1)
    crew = cluster(builder.build())
    crew.play(until=2)
    (worker,) = crew.up

    crew.tell(Said([(worker, Lines(7, LogStream.OUT, [(1.0, "late")]))]))
    crew.executor.turn()

    assert (worker, Taken()) in crew.messages
