"""The stream of events of a run."""

import asyncio
import json
from datetime import timedelta

import pytest

from orquestra.engine.runs.changes import RunChanges
from orquestra.engine.runs.progress import Rhythm, stream
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import ended, finished, invocation_of, started

pytestmark = pytest.mark.anyio

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=30)
EAGER = Rhythm(pause=AT_ONCE, beat=LONG)
RESTLESS = Rhythm(pause=AT_ONCE, beat=AT_ONCE)
NOTHING_NEW = ": nothing new\n\n"


def read(event: str) -> tuple[str, int]:
    """State and completed tasks of an event."""
    kind, data, *end = event.split("\n")
    assert (kind, end) == ("event: progress", ["", ""])
    progress = json.loads(data.removeprefix("data: "))
    return progress["state"], progress["completedTasks"]


async def test_each_change_is_told_until_nothing_executes(services, submit, head_of, definition):
    run_id = await submit()
    head = head_of(run_id)
    events = stream(services, run_id, rhythm=EAGER)
    load = invocation_of(definition, "load")

    told = [read(await anext(events))]
    for number, event in enumerate(
        [started(run_id), ended(run_id, load, State.SUCCEEDED), finished(run_id)], start=1
    ):
        await head.tell(number, [event])
        told.append(read(await anext(events)))

    assert told == [("WAITING", 0), ("RUNNING", 0), ("RUNNING", 1), ("SUCCEEDED", 2)]
    assert [event async for event in events] == []


async def test_changes_between_two_events_are_one(services, submit, head_of, definition):
    run_id = await submit()
    head = head_of(run_id)
    events = stream(services, run_id, rhythm=EAGER)
    await anext(events)

    load = invocation_of(definition, "load")
    await head.tell(1, [started(run_id)])
    await head.tell(2, [ended(run_id, load, State.SUCCEEDED)])

    assert read(await anext(events)) == ("RUNNING", 1)
    await events.aclose()


async def test_a_failed_run_is_watched_as_long_as_tasks_go_on(
    services, submit, head_of, definition
):
    run_id = await submit()
    head = head_of(run_id)
    failure = ended(run_id, invocation_of(definition, "load"), State.FAILED, message="no")
    await head.tell(1, [failure])
    events = stream(services, run_id, rhythm=RESTLESS)

    assert read(await anext(events)) == ("FAILED", 0)
    assert await anext(events) == NOTHING_NEW
    await head.tell(2, [finished(run_id, State.FAILED)])

    assert await anext(events, None) is None


async def test_a_comment_keeps_a_quiet_connection_open(services, submit):
    events = stream(services, await submit(), rhythm=RESTLESS)

    await anext(events)

    assert await anext(events) == NOTHING_NEW
    await events.aclose()


async def test_an_engine_that_stops_ends_its_streams(services, submit):
    events = stream(services, await submit(), rhythm=EAGER)
    await anext(events)
    waiting = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0)  # it looks at nothing again before it waits

    services.changes.close()

    assert await waiting is None


async def test_the_stream_of_a_run_that_is_over_tells_how_it_ended(user, submit):
    run_id = await submit()
    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    answer = await user.get(f"/api/workflow-run-events?workflowRunId={run_id}")

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert read(answer.text)[0] == "TERMINATED"


async def test_a_change_before_the_first_wait_is_not_missed():
    changes = RunChanges()

    with changes.watching("run") as watch:
        changes.announce("run")
        changes.announce("other")

        assert await watch.changed(within=LONG)
        assert not await watch.changed(within=AT_ONCE)


async def test_who_has_stopped_watching_leaves_nothing():
    changes = RunChanges()

    with changes.watching("run"), changes.watching("run"):
        pass

    assert changes._watches == {}
