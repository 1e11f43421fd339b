"""What the calls of a Compute Engine mean together."""

import pytest

from orquestra.sdk.compute_engine.client import ComputeEngineClient
from orquestra.sdk.compute_engine.runtime import ComputeEngine

COUNTED = {"totalTasks": 100_003, "completedTasks": 5, "taskRuns": []}
LISTED = {
    "taskRuns": [
        {"id": f"r1@{state}", "invocationId": state, "status": {"state": state}}
        for state in ("SUCCEEDED", "RUNNING", "FAILED")
    ]
}
VALUE = {"value": "1", "serialization_format": "JSON"}


@pytest.mark.parametrize(("tasks", "numbers"), [(COUNTED, (100_003, 5)), (LISTED, (3, 1))])
def test_progress_is_asked_for_without_the_tasks_whatever_an_old_engine_answers(
    engine, tasks, numbers
):
    run = {"id": "r1", "definitionId": "d1", "owner": "ada", "status": {"state": "RUNNING"}}
    engine.answers("GET /api/workflow-runs/r1", {"data": run | tasks})

    progress = ComputeEngine(ComputeEngineClient(engine.config)).progress("r1")

    assert (progress.total_tasks, progress.completed_tasks) == numbers
    (request,) = engine.requests
    assert request["query"] == {"tasks": "false"}


def test_what_tasks_have_returned_is_listed_once_for_all_that_is_listed(engine):
    engine.answers("GET /api/artifacts", {"data": {"r1@a": ["1"], "r1@b": ["2"], "r1@c": []}})
    for artifact_id in "12":
        engine.answers(f"GET /api/artifacts/{artifact_id}", VALUE)
    runtime = ComputeEngine(ComputeEngineClient(engine.config))

    for invocation_id in "aab":
        assert list(runtime.artifacts("r1", of={invocation_id})) == [invocation_id]
    assert len(engine.calls("GET /api/artifacts")) == 1

    assert runtime.artifacts("r1", of={"c"}) == {}
    assert list(runtime.artifacts("r1")) == ["a", "b"]
    assert len(engine.calls("GET /api/artifacts")) == 3


def test_a_value_that_has_gone_is_looked_for_anew(engine):
    engine.answers("GET /api/artifacts", {"data": {"r1@a": ["1"]}}, {"data": {"r1@a": ["2"]}})
    engine.answers("GET /api/artifacts/2", VALUE)
    runtime = ComputeEngine(ComputeEngineClient(engine.config))

    assert runtime.artifacts("r1", of={"a"}) == {}
    assert list(runtime.artifacts("r1", of={"a"})) == ["a"]
