"""Installations that the tasks of a run need: once, ahead of time, and in vain."""

from orquestra.executor.surroundings import Installing, Requirements
from orquestra.executor.testing import Behaviour, PlanBuilder
from orquestra.sdk.schema.cluster import LogLines
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.conftest import CONTEXT
from tests.unit.executor.playing import NODE, cluster, ends, execute, finished, number, of


def ahead_of_time():
    """A run whose last task needs packages, installed while the first one still runs."""
    builder = PlanBuilder(pools={"a": (1, NODE), "b": (1, NODE)})
    first = builder.call(number, 1, pool="a")
    last = builder.call(number, first, pool="b", requirements=("numpy",))
    crew = cluster(builder.build(last), behave=lambda _: Behaviour(seconds=6))
    return builder.build(last), crew


def test_requirements_are_installed_once_before_the_first_worker():
    builder = PlanBuilder()
    calls = [builder.call(number, n, requirements=("numpy",)) for n in range(3)]

    crew = execute(builder.build(*calls))

    assert finished(crew)[0].state is State.SUCCEEDED
    (started,) = crew.started
    assert started[1].requirements.packages == ("numpy",)
    assert started[0] >= 1_000_001


def test_what_cannot_be_installed_fails_its_tasks_at_once():
    builder = PlanBuilder()
    only = builder.call(number, requirements=("nothing",))
    built = builder.build(only)
    crew = cluster(built)
    crew.install_problem = "ERROR: No matching distribution found for nothing"

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert "could not be installed" in finished(crew)[0].message
    assert of(crew, only.invocation_id) == [(1, State.FAILED, True)]
    assert not crew.started


def test_the_lines_of_an_installation_ahead_of_time_are_told():
    built, crew = ahead_of_time()
    crew.executor.begin(built.plan, built.definition)
    crew.play(until=0.9)
    needed = Requirements(packages=("numpy",))

    crew.tell(Installing("b", needed, [(1.0, "Installed numpy")]))
    crew.executor.turn()

    told = [line.text for e in crew.events if isinstance(e, LogLines) for line in e.lines]
    assert told == ["Installed numpy"]


def test_an_installation_that_failed_for_a_run_that_was_stopped_is_tried_again_for_the_next():
    builder, later = PlanBuilder(), PlanBuilder(run_id="run-2")
    first = builder.build(builder.call(number, requirements=("numpy",)))
    second = later.build(later.call(number, requirements=("numpy",)))
    crew = cluster(first)
    crew.install_problem = "ERROR: the network is down"
    crew.executor.begin(first.plan, first.definition)
    crew.play(until=0.2)
    crew.executor.end("run-1")
    crew.play()

    crew.install_problem = None
    crew.executor.begin(second.plan, second.definition)
    crew.play()

    assert [(end.run_id, end.state) for end in finished(crew)] == [("run-2", State.SUCCEEDED)]
    assert crew.installs == 2


def test_an_installation_that_fails_ahead_of_time_fails_its_first_task_at_once():
    built, crew = ahead_of_time()
    crew.install_problem = "ERROR: no such package"

    crew.executor.begin(built.plan, built.definition)
    crew.play()

    assert "no such package" in finished(crew)[0].message
    assert crew.installs == 1
    assert ends(crew)[-1].ended_at - ends(crew)[0].ended_at < 0.5


def test_passwords_are_read_with_the_token_of_a_run_that_needs_them():
    builder = PlanBuilder()
    only = builder.call(number, requirements=("numpy",))

    crew = execute(builder.build(only, context=CONTEXT))

    assert crew.access.token == CONTEXT.token
    assert execute(builder.build(only)).access is None
