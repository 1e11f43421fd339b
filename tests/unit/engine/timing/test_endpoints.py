import pytest

from orquestra.engine.database.tables import Node
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT, ended, invocation_of

pytestmark = pytest.mark.anyio


async def test_the_timing_of_a_run_shows_its_attempts_by_image(
    submit, head_of, user, definition, services
):
    run_id = await submit()
    head = head_of(run_id)
    solve = invocation_of(definition, "solve")
    pool = next(name for name, names in (await head.plan()).invocations.items() if solve in names)
    (node,) = (await head.want(pool, 1)).json()
    async with services.database.writing() as session:
        row = await session.get_one(Node, (run_id, node["id"]))
        row.requested_at = row.pulled_at = row.joined_at = AT
    await head.tell(1, [ended(run_id, solve, State.SUCCEEDED, node=node["id"])])

    answer = await user.get(f"/api/workflow-run-timing?workflowRunId={run_id}")

    timing = api.Envelope[api.RunTiming].model_validate_json(answer.content).data
    (attempt,) = timing.attempts
    assert (attempt.function_name, attempt.node) == ("solve", node["id"])
    assert attempt.image == "registry.example.com/solver:1"
    assert attempt.durations == api.Durations(queued=1, environment=1, running=7)
    assert {image.image: image.attempts for image in timing.images}[attempt.image] == 1
