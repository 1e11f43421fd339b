"""The published client lists runs: filters, limits, pages of a hundred."""

import pytest

from tests.published.conftest import GRACE, ROSA, TEAM
from tests.published.past_runs import insert_past_runs

pytestmark = [pytest.mark.containers, pytest.mark.timeout(120)]

BUSY = "busy@example.com"


@pytest.fixture(scope="module")
def busy(user):
    return user(BUSY)


@pytest.fixture(scope="module")
def past(engine, busy):
    """250 runs, newest first, ten minutes apart."""
    return insert_past_runs(engine.data, owner=BUSY, count=250)


@pytest.fixture
def listed(busy, past):
    """Numbers of the runs that a list has, in its order, and its columns."""

    def run(*arguments):
        said = busy.orq("wf", "list", "-c", "127", "-w", BUSY, *arguments)
        rows = [line.split() for line in said.lines if "train_demo-" in line]
        return [past.index(row[0]) for row in rows], rows

    return run


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("", range(100)),
        ("-l 3", range(3)),
        ("-l 99", range(99)),
        ("-l 100", range(100)),
        ("-l 101", range(101)),
        ("--limit 200", range(200)),
        ("-l 250", range(250)),
        ("-l 1000", range(250)),
        ("-t 1h", range(6)),
        ("--max-age 0d1H30m0s", range(9)),
        ("-t 3D -l 300", range(250)),
        ("-s FAILED -l 5", range(1, 20, 4)),
        ("-s KILLED --state TERMINATED -t 2h", [2, 3, 6, 7, 10, 11]),
        ("-s RUNNING", []),
        ("-t 1m", []),
    ],
)
def test_the_newest_that_fit_are_listed_oldest_first(listed, arguments, found):
    assert listed(*arguments.split())[0] == list(found)[::-1]


def test_a_list_tells_of_each_run_what_the_release_knows(busy, listed, past):
    _, [row] = listed("-l", "1")

    heading = busy.orq("wf", "list", "-c", "127", "-w", BUSY, "-l", "1").lines
    assert row[:3] == [past[0], "SUCCEEDED", "2/2"]
    assert row[-1] == BUSY
    titles = ("Workflow Run ID", "Status", "Succeeded Tasks", "Start Time", "Owner")
    assert any(all(title in line for title in titles) for line in heading)


def test_a_max_age_that_is_none(busy):
    busy.orq("wf", "list", "-c", "127", "-w", BUSY, "-t", "yesterday", expect=255)


def test_programs_list_summaries_and_runs(busy, past):
    summaries, runs, states, default = busy.python(
        f"""
        place = {{"config": "127", "workspace": {BUSY!r}}}
        summaries = sdk.list_workflow_run_summaries(limit=201, **place)
        runs = sdk.list_workflow_runs(limit=3, max_age="1d", **place)
        failed = sdk.list_workflow_run_summaries(
            state=[sdk.State.FAILED, sdk.State.KILLED], max_age="1h", **place
        )
        tell([
            [each.id for each in summaries],
            [[each.run_id, each.get_status().name] for each in runs],
            sorted(each.status.state.name for each in failed),
            len(sdk.list_workflow_run_summaries(**place)),
        ])
        """
    )

    assert sorted(summaries) == sorted(past[:201])
    assert dict(runs) == dict(zip(past[:3], ("SUCCEEDED", "FAILED", "TERMINATED"), strict=True))
    assert states == ["FAILED", "FAILED", "KILLED"]
    assert default == 100


def test_without_a_workspace_ones_own_runs_are_listed(busy, past):
    found = busy.python(
        """
        tell([each.id for each in sdk.list_workflow_run_summaries("127", limit=2)])
        """
    )

    assert sorted(found) == sorted(past[:2])


@pytest.mark.parametrize("workspace", [BUSY, "team-b", "nowhere"])
def test_workspaces_of_others_are_closed(grace, past, workspace):
    refused = grace.orq("wf", "list", "-c", "127", "-w", workspace, expect=12)

    assert refused.lines == ["Error: Authorization failed. Please log in again."]


def test_a_workspace_lists_the_runs_of_all_its_members(rosa, started):
    shared, personal = started("parametrised"), started("several")

    found = rosa.orq("wf", "list", "-c", "127", "-w", TEAM).out

    assert shared in found
    assert personal not in found
    assert GRACE in found
    assert ROSA not in found
