import pytest

from orquestra import sdk
from orquestra.sdk.runs.run_lists import parse_age


def summary_body(number):
    return {
        "id": f"r{number}",
        "definitionId": "d1",
        "status": {"state": "RUNNING"},
        "createTime": "2024-07-01T12:00:01Z",
        "owner": "ada@example.com",
        "totalTasks": 2,
        "completedTasks": 1,
        "dryRun": False,
    }


def test_a_list_asks_for_what_is_wanted(engine):
    engine.answers("GET /api/workflow-runs", {"data": [summary_body(1)]})

    (summary,) = sdk.list_workflow_run_summaries(
        engine.config,
        limit=10,
        max_age="1h30m",
        state=[sdk.State.RUNNING, sdk.State.FAILED],
        workspace="team",
    )

    assert (summary.id, summary.completed_task_runs) == ("r1", 1)
    assert engine.requests[0]["query"] == {
        "pageSize": "10",
        "workspaceId": "team",
        "maxAge": "5400",
        "state": "RUNNING,FAILED",
    }


def test_a_list_follows_all_pages_up_to_its_limit(engine):
    first = {"data": [summary_body(n) for n in (1, 2)], "meta": {"nextPageToken": "more"}}
    second = {"data": [summary_body(3)], "meta": {"nextPageToken": ""}}

    engine.answers("GET /api/workflow-runs", first, second, first)

    everything = sdk.list_workflow_runs(engine.config)
    two = sdk.list_workflow_runs(engine.config, limit=2)

    assert [run.run_id for run in everything] == ["r1", "r2", "r3"]
    assert engine.requests[1]["query"]["pageToken"] == "more"
    assert len(two) == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("9h32m", 34320), ("8H6S", 28806), ("10m", 600), ("3D6h8M13s", 281293)]
)
def test_ages_are_read(text, seconds):
    assert parse_age(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "1m2h", "1.5h", "1 h", "-1h"])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(ValueError, match="1d12h"):
        parse_age(text)
