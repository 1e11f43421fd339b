"""What `orq wf view` makes of a run."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from orquestra import sdk
from orquestra.cli.workflow.view import describe
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import RunStatus, State, TaskRun, WorkflowRun
from tests.unit.cli.canned_engine import END, RUN_ID

AT = datetime(2025, 2, 24, 8, 26, tzinfo=UTC)


@sdk.task
def load():
    return 1


@sdk.task
def train(data):
    return data


@sdk.workflow
def fit():
    return train(load())


def test_a_task_that_used_an_earlier_result_stands_where_it_did_so():
    definition = fit().model

    def task(name: str, *, start: datetime | None, end: datetime) -> TaskRun:
        (found,) = (each for each in definition.task_invocations if each.endswith(name))
        status = RunStatus(state=State.SUCCEEDED, start_time=start, end_time=end)
        message = None if start else "Reused the result of run r."
        return TaskRun(id=found, invocation_id=found, status=status, message=message)

    run = WorkflowRun(
        id="r",
        workflow_def=ir.WorkflowDef.model_validate(definition.model_dump()),
        task_runs=[
            task("train", start=AT + timedelta(seconds=2), end=AT + timedelta(seconds=3)),
            task("load", start=None, end=AT + timedelta(seconds=1)),
        ],
        status=RunStatus(state=State.SUCCEEDED, start_time=AT, end_time=AT),
    )

    tasks = describe(run)["tasks"]

    assert [(each["function"], each["message"]) for each in tasks] == [
        ("load", "Reused the result of run r."),
        ("train", None),
    ]


def test_the_blocks_and_their_rows_are_those_of_release_1_1(logged_in, engine, in_utc):
    engine.answer_run(state="FAILED", endTime=END)

    lines = logged_in("wf", "view", RUN_ID).stdout.splitlines()

    rows = [re.split(" {2,}", line.strip()) for line in lines if line.strip()]
    assert re.fullmatch("Workflow Overview ─+", lines[0])
    assert rows[1:7] == [
        ["Workflow Def Name", "fit"],
        ["Run ID", RUN_ID],
        ["Status", "FAILED"],
        ["Start Time", "Mon Feb 24 08:26:07 2025"],
        ["End Time", "Mon Feb 24 08:26:09 2025"],
        ["Succeeded Tasks", "1 / 2"],
    ]
    (title,) = (k for k, line in enumerate(lines) if re.fullmatch("Task Details ─+", line))
    columns = ["Function", "Invocation ID", "Status", "Start Time", "End Time", "Message"]
    assert re.split(" {2,}", lines[title + 2].strip()) == columns
    assert "Mon Feb 24 08:26:07 2025   Mon Feb 24 08:26:09 2025" in lines[title + 4]


@pytest.mark.parametrize("columns", ["80", "200"])
def test_in_a_narrow_terminal_ids_and_messages_stay_whole(
    logged_in, engine, in_utc, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", columns)
    definition = engine.answer_run()
    train, generate = definition.task_invocations

    lines = logged_in("wf", "view", RUN_ID).stdout.splitlines()

    assert max(map(len, lines)) <= int(columns)
    (row,) = (line for line in lines if generate in line)
    assert ("Feb 24" in row) is (columns == "200")
    (message,) = (line for line in lines if "out of memory" in line)
    assert train in message
