"""Calls that let nobody speak: what becomes of their run, and of what waits behind them."""

from orquestra.executor.progress import ProgressNote
from orquestra.executor.protocol import Calls, Recall
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.playing import TWO, cluster, ends, finished, number


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


def two_runs():
    """A call of run-1 that lets nobody speak for 5 s, and those of run-2 behind it."""
    first, second = PlanBuilder(), PlanBuilder(run_id="run-2")
    one = first.build(first.call(number))
    two = second.build(*[second.call(number, n) for n in range(3)])
    silent = Behaviour(seconds=5, silent=True)
    crew = cluster(one, behave=lambda call: silent if call.attempt == 1 else Behaviour())
    crew.executor.begin(one.plan, one.definition)
    crew.executor.begin(two.plan, two.definition)
    crew.play(until=0.6)
    for tick in range(100):  # the executor looks at its clock
        crew.after(tick / 10, crew.executor.turn)
    (worker,) = crew.executor._scheduler.workers.values()
    assert [job.run_id for job in worker.held.values()] == ["run-1", *["run-2"] * 3]
    return crew


def test_a_run_goes_on_although_one_that_waits_behind_it_is_stopped():
    crew = two_runs()

    crew.executor.end("run-2")
    crew.play()

    assert [(end.run_id, end.state) for end in finished(crew)] == [("run-1", State.SUCCEEDED)]
    assert len(ends(crew, "run-1")) == 1
    assert crew.started[1:] == []


def test_a_call_of_a_stopped_run_that_begins_after_all_is_ended_too():
    crew = two_runs()
    crew.executor._crew.send = lambda *_: None  # nothing that is said from now on is heard

    crew.executor.end("run-2")
    crew.play(until=7.5)

    assert [end.run_id for end in finished(crew)] == ["run-1"]
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


def test_the_note_of_a_silent_worker_says_what_it_runs(tmp_path):
    builder = PlanBuilder(pools={"default": (1, TWO)})
    first = builder.call(number, 1)
    built = builder.build(builder.call(number, first))
    crew = cluster(built, size=TWO, behave=lambda _: Behaviour(seconds=1e6, silent=True))
    crew.executor._vigil._exchange = tmp_path
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=0.6)
    (worker,) = crew.executor._scheduler.workers.values()
    assert [*worker.held] == [1, 2]

    with ProgressNote(tmp_path, worker.worker_id) as note:
        # The first call has ended, but nobody could say so.
        note.begin(2, crew.now)
        crew.after(0.5, crew.executor.turn)
        crew.play(until=1)

    assert worker.slow == 2
