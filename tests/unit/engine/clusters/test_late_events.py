"""Events that come when a run is over, and files that cannot be written."""

import sqlite3
from contextlib import closing

import pytest

from orquestra.sdk.logs import read_task_logs
from orquestra.sdk.schema.cluster import (
    LogKind,
    LogLine,
    LogLines,
    LogStream,
)
from tests.unit.engine.conftest import invocation_of, solving, started

pytestmark = pytest.mark.anyio

LOAD = invocation_of(solving().model, "load")


def said(run_id: str, text: str) -> LogLines:
    line = LogLine(at=1.0, text=text)
    return LogLines(
        run_id=run_id, kind=LogKind.TASK, stream=LogStream.OUT, lines=[line], invocation_id=LOAD
    )


@pytest.fixture
def log_of(user):
    async def lines(run_id: str) -> list[str]:
        query = {"workflowRunId": run_id, "taskInvocationId": LOAD}
        return read_task_logs((await user.get("/api/task-run-logs", params=query)).content).out

    return lines


async def test_a_run_that_is_over_still_takes_log_lines_once_and_nothing_else(
    submit, user, head_of, log_of
):
    run_id = await submit()
    head = head_of(run_id)
    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    answers = [await head.tell(1, [started(run_id), said(run_id, "last words")]) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert await log_of(run_id) == ["last words"]
    run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
    assert run["status"]["state"] == "TERMINATED"
    assert "startTime" not in run["status"]


async def test_a_run_whose_cluster_is_gone_takes_no_log_lines(
    submit, user, head_of, log_of, reconciler
):
    run_id = await submit()
    await user.post(f"/api/workflow-runs/{run_id}/terminate")
    await reconciler.step()
    await reconciler.settle()

    assert (await head_of(run_id).tell(1, [said(run_id, "from the grave")])).status_code == 410
    assert await log_of(run_id) == []


async def test_log_lines_are_written_after_the_states(submit, head_of, services, monkeypatch):
    run_id = await submit()
    seen = []

    def watch(lines):
        with closing(sqlite3.connect(services.folder.database)) as database:
            seen.extend(database.execute("SELECT state FROM runs WHERE id = ?", (lines.run_id,)))

    monkeypatch.setattr(services.logs, "append", watch)

    await head_of(run_id).tell(1, [started(run_id), said(run_id, "hello")])

    assert seen == [("RUNNING",)]


async def test_states_are_kept_where_log_lines_find_no_room(
    submit, user, head_of, services, monkeypatch
):
    run_id = await submit()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(services.logs, "append", full)

    answer = await head_of(run_id).tell(1, [started(run_id), said(run_id, "lost")])

    assert answer.status_code == 204
    run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
    assert run["status"]["state"] == "RUNNING"
