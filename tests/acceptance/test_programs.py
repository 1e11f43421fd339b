"""Programs of users: the table of small ones, and one that uses what release 1.1 did not have."""

import importlib
import re
import uuid
from pathlib import Path

import pytest

from orquestra import sdk
from tests.programs import PROGRAMS

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]


@pytest.fixture
def place(either_place):
    return either_place


@pytest.fixture
def program(monkeypatch):
    """The user's program, with its modules beside it."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "project")
    return importlib.import_module("travelling")


@pytest.fixture
def result(config, finish):
    """Runs a workflow; what it gives, once nothing of the run is left."""

    def run(workflow):
        started = workflow.run(config)
        finish(started)
        return started.get_results()

    return run


def test_programs_give_on_the_local_runtime_what_they_give_in_process(host_processes):
    programs = [program for program in PROGRAMS if program.can_run()]
    runs = [program.workflow().run(host_processes.config) for program in programs]

    results = {p.name: run.get_results(wait=True) for p, run in zip(programs, runs, strict=True)}

    assert results == {program.name: program.gives for program in programs}


def test_local_modules_travel_with_maps_and_collections(program, config, finish):
    run = program.areas(3).run(config)
    finish(run)

    assert run.get_results() == ["large: 314.2 km2", "small: 0.0 m2, 3.1 m2, 12.6 m2"]
    assert {task.fn_name for task in run.get_tasks()} == {"radii", "measured", "joined"}
    assert len(run.get_tasks(function_name="measured")) == 2  # one of them is the map


def test_a_task_is_tried_again_until_it_succeeds(program, result):
    assert result(program.lucky("/tmp", uuid.uuid4().hex)) == 3


def test_a_task_that_takes_too_long_fails_with_the_reason(program, config, finish):
    status = finish(program.endless().run(config))

    assert status.status.state is sdk.State.FAILED
    assert re.search(r"too_long.*1 s", status.message)


def test_results_are_used_again(program, result):
    first, second = (result(program.reused()) for _ in range(2))

    assert first == second
    alone, mapped = first
    assert len({alone, *mapped}) == 3
