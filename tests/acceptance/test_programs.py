"""Programs of users: the same everywhere, and what release 1.1 did not have."""

import importlib
import re
from pathlib import Path

import pytest

from orquestra import sdk
from orquestra.sdk.compute_engine.secret_store import SecretStore
from tests.places import wait_until_finished
from tests.programs import hidden
from tests.programs.outcome import Outcome, differences, run_in_process
from tests.programs.table import FAILING, PROGRAMS, WITH_SECRETS, together

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


@pytest.fixture
def secrets_set(containers, host_processes, monkeypatch):
    """The secret of the programs, for whoever runs them: the user of both engines, and us."""
    monkeypatch.setenv("ORQ_LOCAL_DATA", str(host_processes.engine.data))
    for config in (containers.config, host_processes.config, sdk.RuntimeConfig.load("local")):
        SecretStore(config, workspace_id=None).set(hidden.NAME, hidden.VALUE)


def check(place, workflows, *, dry_run=False):
    """Run workflows side by side: all is to be as in process."""
    runs = {name: each.run(place.config, dry_run=dry_run) for name, each in workflows.items()}
    expected = {
        name: Outcome.of(run_in_process(each, dry_run=dry_run)) for name, each in workflows.items()
    }
    for run in runs.values():
        wait_until_finished(place, run)

    found = {name: Outcome.of(run) for name, run in runs.items()}
    told = differences(found, expected)
    assert not told, "\n".join(told)


@pytest.mark.usefixtures("secrets_set")
def test_programs_do_on_the_local_runtime_what_they_do_in_process(host_processes):
    programs = [each for each in (*PROGRAMS, *WITH_SECRETS, *FAILING) if each.can_run()]

    check(host_processes, {program.name: program.definition() for program in programs})


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("secrets_set")
def test_programs_do_on_a_compute_engine_what_they_do_in_process(containers):
    # Each run has machines of its own there, so those that succeed are one run together.
    succeeding = together(each for each in (*PROGRAMS, *WITH_SECRETS) if each.needs is None)
    failing = {program.name: program.definition() for program in FAILING}

    workflows = {"together": succeeding, **failing}
    check(
        containers,
        {name: each.with_resources(cpu="1", memory="1Gi") for name, each in workflows.items()},
    )


def test_dry_runs_do_what_they_do_in_process(place):
    check(place, {"together": together(each for each in PROGRAMS if not each.needs)}, dry_run=True)


def test_local_modules_travel_with_maps_and_collections(program, config, finish):
    run = program.areas(3).run(config)
    finish(run)

    assert run.get_results() == ["large: 314.2 km2", "small: 0.0 m2, 3.1 m2, 12.6 m2"]
    assert {task.fn_name for task in run.get_tasks()} == {"radii", "measured", "joined"}
    assert len(run.get_tasks(function_name="measured")) == 2  # one of them is the map


def test_a_task_that_takes_too_long_fails_with_the_reason(program, config, finish):
    status = finish(program.endless().run(config))

    assert status.status.state is sdk.State.FAILED
    assert re.search(r"too_long.*1 s", status.message)


def test_results_are_used_again(program, result):
    first, second = (result(program.reused()) for _ in range(2))

    assert first == second
    alone, mapped = first
    assert len({alone, *mapped}) == 3
