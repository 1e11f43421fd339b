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
