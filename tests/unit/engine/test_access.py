"""What belongs to somebody else is not to be seen, used or ended, whoever knows its id."""

import pytest

from tests.unit.engine.conftest import finished, started

pytestmark = pytest.mark.anyio


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
async def artifact_id(user, head_of, definition, run_id):
    head = head_of(run_id)
    for invocation in definition.task_invocations.values():
        for output_id in invocation.output_ids:
            await head.store(output_id, b"[1]")
    listed = (await user.get(f"/api/artifacts?workflowRunId={run_id}")).json()["data"]
    return next(iter(listed.values()))[0]


@pytest.fixture
async def result_id(user, head_of, run_id, artifact_id):
    await head_of(run_id).tell(1, [started(run_id), finished(run_id)])
    return (await user.get(f"/api/run-results?workflowRunId={run_id}")).json()["data"][0]


@pytest.fixture
def eve(user, services):
    """The HTTP client, from now on with somebody else's login."""

    def logged_in():
        user.headers["Authorization"] = f"Bearer {services.tokens.issue('eve')}"
        return user

    return logged_in


async def test_an_artifact_is_its_owners(user, eve, artifact_id):
    path = f"/api/artifacts/{artifact_id}"
    assert (await user.get(path)).json() == {"value": "[1]", "serialization_format": "JSON"}

    assert (await eve().get(path)).status_code == 403


async def test_a_result_is_its_owners(user, eve, result_id):
    path = f"/api/run-results/{result_id}"
    assert (await user.get(path)).status_code == 200

    assert (await eve().get(path)).status_code == 403


@pytest.mark.parametrize("force", ["True", "False"])
async def test_a_run_is_ended_by_its_owner_only(user, eve, services, run_id, force):
    refused = await eve().post(f"/api/workflow-runs/{run_id}/terminate?force={force}")

    assert refused.status_code == 403
    user.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
    run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
    assert run["status"]["state"] == "WAITING"


async def test_logs_are_their_owners(eve, run_id):
    for path in (
        f"workflow-run-logs?workflowRunId={run_id}",
        f"workflow-run-logs/system?workflowRunId={run_id}",
        f"task-run-logs?workflowRunId={run_id}&taskInvocationId=i-1",
    ):
        assert (await eve().get(f"/api/{path}")).status_code == 403


async def test_progress_and_timing_are_their_owners(user, eve, run_id, result_id):
    paths = [f"/api/workflow-run-{what}?workflowRunId={run_id}" for what in ("events", "timing")]
    assert [(await user.get(path)).status_code for path in paths] == [200, 200]

    assert [(await eve().get(path)).status_code for path in paths] == [403, 403]


async def test_ids_that_nobody_has_are_not_found(user):
    nothing = "3f0c1c1e-7c1c-4d0a-9d7e-0a1b2c3d4e5f"

    for path in (
        f"artifacts/{nothing}",
        f"run-results/{nothing}",
        f"workflow-runs/{nothing}",
        f"workflow-run-events?workflowRunId={nothing}",
        f"workflow-run-timing?workflowRunId={nothing}",
    ):
        assert (await user.get(f"/api/{path}")).status_code == 404
    assert (await user.post(f"/api/workflow-runs/{nothing}/terminate")).status_code == 404
