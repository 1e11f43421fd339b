"""`orq wf list`, against the wire of a Compute Engine."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.cli.canned_engine import END, START

RUNS = "/api/workflow-runs"
STATES = "WAITING,RUNNING,SUCCEEDED,TERMINATED,FAILED,ERROR,KILLED,UNKNOWN"


def summary(run_id, *, owner="ada", **status):
    counts = {"totalTasks": 2, "completedTasks": 1}
    fixed = {"definitionId": "d", "createTime": START, "dryRun": False}
    return {"id": run_id, "status": status, "owner": owner, **fixed, **counts}


@pytest.fixture
def listed(logged_in, engine):
    engine.answer_places(ada=["default"])
    engine.answer(
        RUNS,
        [
            summary("new", state="RUNNING", startTime=END),
            summary("old", state="FAILED", startTime=START),
            summary("next", state="WAITING"),
        ],
    )
    return logged_in


def asked(engine):
    """The filters that the engine got."""
    (call,) = (call for call in engine.calls if RUNS in call)
    return {name: value for name, (value,) in parse_qs(urlsplit(call).query).items()}


def test_the_list_has_runs_that_wait_and_then_the_oldest_first(listed):
    assert [run["run_id"] for run in listed.json("wf", "list")["runs"]] == ["next", "old", "new"]


def test_of_runs_that_started_at_one_time_or_not_yet_the_oldest_come_first_too(listed, engine):
    newest_first = [
        summary("wait-2", state="WAITING"),
        summary("wait-1", state="WAITING"),
        summary("run-2", state="RUNNING", startTime=START),
        summary("run-1", state="RUNNING", startTime=START),
    ]
    engine.answer(RUNS, newest_first)

    shown = [run["run_id"] for run in listed.json("wf", "list")["runs"]]

    assert shown == ["wait-1", "wait-2", "run-1", "run-2"]


def test_the_table_has_the_columns_of_release_1_1(listed, in_utc):
    rows = [re.split(" {2,}", line.strip()) for line in listed("wf", "list").stdout.splitlines()]

    assert rows[1] == ["Workflow Run ID", "Status", "Succeeded Tasks", "Start Time", "Owner"]
    assert rows[3] == ["next", "WAITING", "1/2", "ada"]
    assert rows[4] == ["old", "FAILED", "1/2", "Mon Feb 24 08:26:07 2025", "ada"]


@pytest.fixture
def narrow(listed, engine, monkeypatch):
    """Lists one run of an owner in a terminal of so many columns."""

    def lines(columns, run_id, *, owner="ada"):
        monkeypatch.setenv("COLUMNS", columns)
        engine.answer(RUNS, [summary(run_id, state="FAILED", startTime=START, owner=owner)])
        shown = listed("wf", "list").stdout.splitlines()
        assert max(map(len, shown)) <= int(columns)
        return [line.strip() for line in shown if line.strip()]

    return lines


def test_in_a_narrow_terminal_a_row_has_all_that_matters(narrow, in_utc):
    long = "a-rather-long-name-Ab1Cd-r000"

    title, _, row = narrow("80", long)

    assert re.split(" {2,}", title) == [
        "Workflow Run ID",
        "Status",
        "Succeeded Tasks",
        "Start Time",
    ]
    assert re.split(" {2,}", row) == [long, "FAILED", "1/2", "24 Feb 08:26"]


def test_in_a_narrow_terminal_the_owner_is_shown_where_it_is_somebody_else(narrow):
    assert "Owner" in "".join(narrow("80", "run", owner="eve"))
    assert "Owner" not in "".join(narrow("80", "run", owner="ada"))


@pytest.mark.parametrize("columns", ["80", "60", "30"])
def test_an_id_that_leaves_no_room_has_a_line_of_its_own(narrow, in_utc, columns):
    long = "a-name-that-leaves-no-room-for-anything-else-in-a-row-at-all-Ab1Cd-r000"

    shown = narrow(columns, long, owner="eve")

    facts = "Status:FAILEDSucceededTasks:1/2StartTime:24Feb08:26Owner:eve"
    assert "".join(shown).replace(" ", "") == long + facts


def test_without_any_owner_there_is_no_such_column(listed, engine):
    engine.answer(RUNS, [summary("run", owner="", state="WAITING")])

    assert "Owner" not in listed("wf", "list").stdout


def test_an_empty_list_is_a_table_without_rows(listed, engine):
    engine.answer(RUNS, [])

    assert "Workflow Run ID" in listed("wf", "list").stdout


def test_filters_are_passed_on(listed, engine):
    listed("wf", "list", "-l", "5", "-t", "3D6h", "-s", "RUNNING", "-s", "FAILED", "-w", "lab")

    assert asked(engine) == {
        "pageSize": "5",
        "workspaceId": "lab",
        "maxAge": str((3 * 24 + 6) * 3600),
        "state": "RUNNING,FAILED",
    }


def test_the_only_workspace_is_taken_without_a_question(listed, engine):
    listed("wf", "list")

    assert asked(engine)["workspaceId"] == "ada"


def test_of_several_workspaces_one_is_chosen(listed, engine, keyboard):
    engine.answer_places(ada=[], lab=[])
    keyboard.types(keyboard.DOWN, keyboard.ENTER)

    listed("wf", "list")

    assert asked(engine)["workspaceId"] == "lab"


@pytest.mark.parametrize("age", ["soon", "1h1d", "none", "-1d"])
def test_an_age_that_cannot_be_read_is_told(listed, age):
    result = listed("wf", "list", "--max-age", age)

    assert result.exit_code == 255
    assert f"{age!r} is not an age" in result.stderr
    assert "--max-age" in result.stderr


def test_instead_of_a_state_that_does_not_exist_others_are_chosen(listed, engine, keyboard):
    keyboard.types(keyboard.SPACE, keyboard.ENTER)  # the first one, WAITING, beside the valid one

    result = listed("wf", "list", "-s", "FAILED", "-s", "failed")

    assert "There is no state failed." in result.stderr
    assert asked(engine)["state"] == "WAITING,FAILED"


def test_without_a_terminal_a_state_that_does_not_exist_is_answered_with_those_that_do(listed):
    result = listed("wf", "list", "-s", "failed")

    assert result.exit_code == 255
    assert "  FAILED" in result.stderr.splitlines()


@pytest.mark.parametrize(
    ("limit", "age", "filters"),
    [
        ("", "", {}),
        ("None", "none", {}),
        ("7", "2h", {"pageSize": "7", "maxAge": "7200"}),
    ],
)
def test_filters_can_be_asked_for(listed, engine, keyboard, limit, age, filters):
    keyboard.types(limit, keyboard.ENTER, age, keyboard.ENTER, keyboard.ENTER)

    assert listed("wf", "list", "-i").exit_code == 0

    common = {"pageSize": "100", "workspaceId": "ada", "state": STATES}
    assert asked(engine) == common | filters


def test_a_limit_that_is_none_is_asked_for_again(listed, engine, keyboard):
    backspace = "\x7f"
    keyboard.types("0", keyboard.ENTER, backspace, "3", *[keyboard.ENTER] * 3)

    listed("wf", "list", "-i")

    assert asked(engine)["pageSize"] == "3"


def test_the_list_has_all_pages(listed, engine):
    more = {"data": [summary(f"run-{k}", state="WAITING") for k in range(100)]}
    engine.answers[RUNS] = (200, json.dumps(more | {"meta": {"nextPageToken": "more"}}).encode())

    found = listed.json("wf", "list", "-l", "250")["runs"]

    assert len(found) == 250
    sizes = [parse_qs(urlsplit(call).query)["pageSize"] for call in engine.calls if RUNS in call]
    assert sizes == [["100"], ["100"], ["50"]]
