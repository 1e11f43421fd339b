"""The ledger: what became of the time of attempts and images."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.engine.runs.tasks import Attempt
from orquestra.engine.timing.ledger import Recorded, durations, run_timing
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else START + timedelta(seconds=seconds)


def node(name="n", *, requested=0.0, pulled=40.0, joined=45.0, pool="p") -> Node:
    return Node(
        id=name,
        pool_id=pool,
        requested_at=at(requested),
        pulled_at=at(pulled),
        joined_at=at(joined),
    )


def attempt(name="i", *, ready=0.0, worker=48.0, started=50.0, ended=60.0, on="n") -> Attempt:
    return Attempt(
        invocation_id=name,
        attempt=1,
        node_id=on,
        state=State.SUCCEEDED,
        final=True,
        ready_at=at(ready),
        worker_ready_at=at(worker),
        started_at=at(started),
        ended_at=at(ended),
    )


def split(tried: Attempt, on: Node | None) -> dict[str, float]:
    found = durations(tried, node=on, now=START + timedelta(seconds=100))
    return {name: value for name, value in found.model_dump().items() if value}


def test_an_attempt_that_waited_for_all_of_its_node():
    assert split(attempt(), node()) == {
        "pulling": 40,
        "booting": 5,
        "environment": 3,
        "queued": 2,
        "running": 10,
    }


def test_only_what_passed_while_the_attempt_waited_counts():
    assert split(attempt(ready=30), node()) == {
        "pulling": 10,
        "booting": 5,
        "environment": 3,
        "queued": 2,
        "running": 10,
    }


def test_a_node_that_is_asked_for_later_is_queued_for_before():
    late = node(requested=10, pulled=20, joined=45)

    assert split(attempt(), late) == {
        "queued": 12,
        "pulling": 10,
        "booting": 25,
        "environment": 3,
        "running": 10,
    }


def test_a_worker_that_was_there_costs_nothing():
    assert split(attempt(ready=49, started=49.5), node()) == {"queued": 0.5, "running": 10.5}


def test_an_attempt_that_runs_has_run_until_now():
    assert split(attempt(ready=49, ended=None), node())["running"] == 50


def test_an_attempt_without_a_node_was_queued_until_its_end():
    assert split(attempt(worker=None, started=None, on=None), None) == {"queued": 60}


def test_what_an_earlier_release_recorded_is_what_is_known():
    assert split(attempt(ready=None, worker=None), node(pulled=None)) == {"running": 10}


@given(*[st.floats(0, 1000) | st.none()] * 6)
def test_nothing_is_lost_and_nothing_counted_twice(
    requested, pulled, joined, ready, worker, started
):
    tried = attempt(ready=ready or 0, worker=worker, started=started, ended=1000)
    on = node(requested=requested or 0, pulled=pulled, joined=joined)

    parts = durations(tried, node=on, now=START).model_dump()

    waited = max((started if started is not None else 1000) - (ready or 0), 0)
    assert all(value >= 0 for value in parts.values())
    assert sum(parts.values()) - parts["running"] == pytest.approx(waited, abs=1e-4)


def timing(*attempts: Attempt, nodes: list[Node]) -> api.RunTiming:
    return run_timing(
        Recorded(
            attempts=attempts,
            nodes=nodes,
            pools={"p": ClusterPool(id="p", image="solver:1"), "q": ClusterPool(id="q", image="b")},
            pool_of={"i": "p", "j": "p"},
            function_of={"i": "solve", "j": "solve"},
            now=START,
        )
    )


def test_an_image_adds_up_its_attempts():
    nodes = [node(), node("m", requested=1, pulled=2, joined=9)]

    base, solver = timing(attempt(), attempt("j", ready=50), nodes=nodes).images

    assert (base.image, base.attempts, base.nodes, base.cold) == ("b", 0, 0, 0)
    assert (solver.attempts, solver.nodes, solver.cold) == (2, 2, 45)
    assert (solver.durations.pulling, solver.durations.running) == (40, 20)


def test_a_node_that_was_there_first_is_no_cold_start():
    nodes = [node()]
    late = attempt(ready=100, started=100.5, ended=101)

    told = timing(late, attempt("j", ready=200, started=200.5, ended=201), nodes=nodes)

    assert [image.cold for image in told.images] == [0, 0]
    assert told.advice == []


def test_of_a_node_that_was_asked_for_ahead_only_the_wait_is_a_cold_start():
    _, solver = timing(attempt(ready=30), attempt("j", ready=42), nodes=[node()]).images

    assert solver.cold == 15


def test_an_attempt_is_shown_with_its_image_and_its_function():
    (shown,) = timing(attempt(), nodes=[node()]).attempts

    assert (shown.function_name, shown.image, shown.node) == ("solve", "solver:1", "n")
    assert shown.ready_time == START


@pytest.mark.parametrize(
    ("on", "sentence"),
    [
        (node(), "image solver:1 costs 45 s cold, 89% of it pull: build it from the Orquestra"),
        (node(pulled=5), "image solver:1 costs 45 s cold, 11% of it pull, the rest the start"),
        (node(pulled=1, joined=3), "image solver:1 costs 45 s for Python requirements: put them"),
    ],
)
def test_advice_names_what_costs_most(on, sentence):
    (advice,) = timing(attempt(), nodes=[on]).advice

    assert advice.startswith(sentence)


def test_what_is_quick_is_not_worth_a_sentence():
    quick = attempt(worker=3, started=3, ended=3.1)

    assert timing(quick, nodes=[node(pulled=1, joined=2)]).advice == []


def test_a_node_that_has_not_joined_is_not_judged():
    assert timing(nodes=[node(pulled=None, joined=None)]).advice == []
