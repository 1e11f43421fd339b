"""The stream of events of a run."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from orquestra.engine.database.tables import Run
from orquestra.engine.runs import parts
from orquestra.engine.runs.progress import Rhythm, stream
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import asked_of, began, ended, finished, invocation_of, started

pytestmark = pytest.mark.anyio

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=30)
EAGER = Rhythm(pause=AT_ONCE, tasks=AT_ONCE, nodes=LONG, beat=LONG, rest=0)
RESTLESS = replace(EAGER, beat=AT_ONCE)
NOTHING_NEW = ": nothing new\n\n"


def parse(text: str) -> dict[str, tuple[str, dict]]:
    """Ids and data of events by their kind, of which there is one each."""
    told = {}
    for event in text.removesuffix("\n\n").split("\n\n"):
        kind, *identifiers, data = event.split("\n")
        assert kind not in told
        identifier = "".join(identifiers)  # the end has none
        told[kind.removeprefix("event: ")] = (
            identifier.removeprefix("id: "),
            json.loads(data.removeprefix("data: ")),
        )
    return told


def read(event: str) -> tuple[str, int]:
    """State and completed tasks of an event."""
    _, progress = parse(event)["progress"]
    return progress["state"], progress["completedTasks"]


def tasks_of(text: str) -> dict[str, tuple[str, str | None]]:
    """State and message of the tasks that are told, by the name of their function."""
    _, changes = parse(text)["tasks"]
    return {
        task["invocationId"].rpartition("-")[2]: (
            task["status"]["state"],
            task["status"]["message"],
        )
        for task in changes["taskRuns"]
    }


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
        told.append(read(last := await anext(events)))

    assert told == [("WAITING", 0), ("RUNNING", 0), ("RUNNING", 1), ("SUCCEEDED", 2)]
    assert parse(last)["end"] == ("", parse(last)["progress"][1])
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

    assert parse(await anext(events)).keys() == {"end"}
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


async def test_who_wants_them_is_told_all_tasks_and_then_those_that_change(
    services, submit, head_of, definition
):
    run_id = await submit()
    head = head_of(run_id)
    load, solve = invocation_of(definition, "load"), invocation_of(definition, "solve")
    events = stream(services, run_id, tasks=True, rhythm=EAGER)

    first = await anext(events)
    assert parse(first).keys() == {"progress", "tasks", "nodes"}
    assert parse(first)["tasks"][1]["isComplete"]
    assert tasks_of(first).keys() == {"load", "solve"}

    await head.tell(1, [started(run_id), began(run_id, load)])
    assert tasks_of(await anext(events))["load"] == ("RUNNING", None)

    await head.tell(2, [ended(run_id, load, State.SUCCEEDED), began(run_id, solve)])
    second = await anext(events)
    assert not parse(second)["tasks"][1]["isComplete"]
    assert tasks_of(second) == {"load": ("SUCCEEDED", None), "solve": ("RUNNING", None)}

    await head.tell(3, [ended(run_id, solve, State.SUCCEEDED), finished(run_id)])
    assert tasks_of(await anext(events)) == {"solve": ("SUCCEEDED", None)}
    assert [event async for event in events] == []


async def test_nodes_are_told_where_they_change_and_what_that_means_for_tasks(
    services, submit, head_of
):
    run_id = await submit()
    head = head_of(run_id)
    await head.begin()
    await head.tell(1, [started(run_id)])
    events = stream(services, run_id, tasks=True, rhythm=replace(EAGER, nodes=AT_ONCE))
    pools = parse(await anext(events))["nodes"][1]["pools"]
    assert [pool["nodes"] for pool in pools] == [[], []]

    (pool,) = [pool for pool in pools if "solver" not in pool["image"]]
    await head.want(pool["id"], 1)

    text = await anext(events)
    (pool,) = [told for told in parse(text)["nodes"][1]["pools"] if told["nodes"]]
    assert [node["state"] for node in pool["nodes"]] == ["REQUESTED"]
    assert tasks_of(text) == {
        "load": ("WAITING", f"A node was requested, of image {pool['image']}.")
    }
    await events.aclose()


async def test_a_new_stream_tells_only_what_is_not_known_yet(services, submit, head_of, definition):
    run_id = await submit()
    head = head_of(run_id)
    load = invocation_of(definition, "load")
    await head.tell(1, [started(run_id), began(run_id, load)])
    events = stream(services, run_id, tasks=True, rhythm=EAGER)
    known, _ = list(parse(await anext(events)).values())[-1]
    await events.aclose()

    again = stream(services, run_id, tasks=True, known=known, rhythm=RESTLESS)
    assert await anext(again) == NOTHING_NEW
    await again.aclose()

    await head.tell(2, [ended(run_id, load, State.SUCCEEDED)])
    again = stream(services, run_id, tasks=True, known=known, rhythm=EAGER)
    told = parse(await anext(again))
    assert told.keys() == {"progress", "tasks"}
    assert told["tasks"][1]["isComplete"]
    await again.aclose()


async def test_the_end_is_told_at_once_whoever_has_just_been_told_something(user, services, submit):
    run_id = await submit()
    events = stream(services, run_id, tasks=True, rhythm=replace(EAGER, pause=LONG, tasks=LONG))
    await anext(events)

    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    async with asyncio.timeout(5):
        last = parse(await anext(events))
    assert last.keys() == {"progress", "tasks", "end"}
    await events.aclose()


async def test_the_end_is_told_again_to_who_knows_it_already(user, submit):
    run_id = await submit()
    await user.post(f"/api/workflow-runs/{run_id}/terminate")
    path = f"/api/workflow-run-events?workflowRunId={run_id}"
    known, _ = parse((await user.get(path)).text)["progress"]

    again = await user.get(path, headers={"Last-Event-ID": known})

    assert read(again.text)[0] == "TERMINATED"


@pytest.mark.parametrize("known", ["x", "....", "é", "1.2"])
async def test_an_id_of_another_engine_means_nothing(services, submit, known):
    events = stream(services, await submit(), tasks=True, known=known, rhythm=EAGER)

    assert parse(await anext(events)).keys() == {"progress", "tasks", "nodes"}
    await events.aclose()


async def test_many_tasks_are_told_at_leisure(services, submit, head_of, definition):
    leisurely = replace(EAGER, tasks=LONG)
    run_id = await submit()
    head = head_of(run_id)
    load = invocation_of(definition, "load")
    events = stream(services, run_id, tasks=True, rhythm=leisurely)
    await anext(events)

    await head.tell(1, [started(run_id), began(run_id, load)])
    assert parse(await anext(events)).keys() == {"progress"}

    await head.tell(2, [ended(run_id, load, State.SUCCEEDED), finished(run_id)])
    assert parse(await anext(events)).keys() == {"progress", "tasks", "end"}


async def test_what_is_told_back_is_an_id_or_nothing(services, submit):
    forged = "a.x\ndata: EVIL\n\nevent: progress." + "0" * 17
    events = stream(services, await submit(), tasks=True, known=forged, rhythm=EAGER)

    text = await anext(events)

    assert "EVIL" not in text
    assert parse(text).keys() == {"progress", "tasks", "nodes"}
    await events.aclose()


async def test_many_tasks_are_told_in_pieces_and_all_again_to_who_has_only_some(
    services, submit, monkeypatch
):
    monkeypatch.setattr(parts, "_MOST_TASKS", 1)
    run_id = await submit()
    events = stream(services, run_id, tasks=True, rhythm=EAGER)

    first, second = parse(await anext(events)), parse(await anext(events))
    await events.aclose()
    again = stream(services, run_id, tasks=True, known=first["tasks"][0], rhythm=EAGER)
    repeated = parse(await anext(again))
    await again.aclose()
    known = stream(services, run_id, tasks=True, known=second["tasks"][0], rhythm=RESTLESS)

    told = [
        (piece["tasks"][1]["isComplete"], len(piece["tasks"][1]["taskRuns"]))
        for piece in (first, second)
    ]
    assert told == [(True, 1), (False, 1)]
    assert repeated.keys() == {"tasks"}
    assert repeated["tasks"][1]["isComplete"]
    assert await anext(known) == NOTHING_NEW
    await known.aclose()


async def test_an_end_that_nobody_has_told_of_is_seen_at_the_next_beat(services, submit):
    run_id = await submit()
    events = stream(services, run_id, rhythm=replace(EAGER, beat=timedelta(seconds=0.05)))
    await anext(events)

    async with services.database.writing() as session:
        run = await session.get_one(Run, run_id)
        run.state, run.executing = State.TERMINATED, False

    async with asyncio.timeout(5):
        assert "end" in parse(await anext(events))
    await events.aclose()


async def test_those_who_have_nothing_to_say_yet_look_once_for_the_end(services, submit):
    run_id = await submit()
    silent = replace(EAGER, pause=LONG, tasks=LONG)
    streams = [stream(services, run_id, tasks=True, rhythm=silent) for _ in range(5)]
    for events in streams:
        await anext(events)
    looking = [asyncio.create_task(anext(events)) for events in streams]
    await asyncio.sleep(0)
    asked = asked_of(services)

    services.changes.announce(run_id)
    await asyncio.sleep(0.3)

    looks = [query for query in asked if query.startswith("SELECT")]
    assert [" ".join(query.split()).partition(" FROM ")[2].split()[0] for query in looks] == [
        "runs",
        "clusters",
    ]
    for task in looking:
        task.cancel()
    await asyncio.wait(looking)


async def test_a_stream_ends_without_its_end_once_its_reader_may_not_see_the_run(services, submit):
    answers = iter([True, False])

    async def still_may_see():
        return next(answers)

    events = stream(services, await submit(), rhythm=RESTLESS, still_may_see=still_may_see)

    told = [text async for text in events]

    assert told[1:] == [NOTHING_NEW]
    assert "event: end" not in told[0]
