"""Answers that are streams of events."""

import pytest

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["workflow-run-events", "workflow-run-log-events"])
async def test_proxies_hand_on_events_as_they_come(user, services, submit, path):
    run_id = await submit()
    services.changes.close()  # so that the stream ends at once

    answer = await user.get(f"/api/{path}?workflowRunId={run_id}")

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
