"""The stream of a run's log lines: all of them, each once, whatever happens meanwhile."""

import asyncio
import json
import threading
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from orquestra.engine.database.tables import Cluster
from orquestra.engine.logs import streaming
from orquestra.engine.logs.arrivals import Position
from orquestra.engine.logs.streaming import Rhythm, Wanted, stream
from orquestra.sdk.schema.cluster import LogKind, LogLine, LogLines, LogStream
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT, asked_of, ended, finished, invocation_of

pytestmark = pytest.mark.anyio

AT_ONCE, LONG = timedelta(0), timedelta(seconds=30)
EAGER = Rhythm(pause=AT_ONCE, beat=LONG, linger=AT_ONCE, settle=AT_ONCE)
RESTLESS = replace(EAGER, beat=AT_ONCE)
PATIENT = Rhythm(pause=AT_ONCE, beat=LONG, linger=LONG)
ALL = Wanted()


@dataclass(frozen=True)
class Event:
    kind: str
    id: str | None
    data: dict


def read(text: str) -> list[Event]:
    """The events of a part of a stream; comments are left out."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in fields:
            data = json.loads(fields["data"])
            events.append(Event(fields["event"], fields.get("id"), data))
    return events


def texts(events: list[Event]) -> list[str]:
    return [event.data["text"] for event in events if event.kind == "line"]


async def the_rest(events) -> list[Event]:
    return read("".join([part async for part in events]))


def lines(run_id, *texts, kind=LogKind.TASK, invocation="i-1", stream=LogStream.OUT):
    return LogLines(
        run_id=run_id,
        kind=kind,
        stream=stream,
        lines=[LogLine(at=AT.timestamp(), text=text) for text in texts],
        invocation_id=invocation if kind is LogKind.TASK else None,
        node_id="n-1" if kind is LogKind.TASK else None,
    )


@pytest.fixture
async def run_id(submit):
    return await submit()


@pytest.fixture
def log(services, run_id):
    """Stores lines as the engine does that gets them."""
    return lambda *texts, **of: services.logs.append(lines(run_id, *texts, **of))


@pytest.fixture
def over(services, run_id, head_of):
    """Lets the run end."""

    async def end():
        async with services.database.writing() as session:
            (await session.get_one(Cluster, run_id)).head_launches = 1
        await head_of(run_id).tell(99, [finished(run_id)])

    return end


@pytest.fixture
def gone(services, run_id, over):
    """Lets the run end, and nothing be left that could write a line."""

    async def end():
        await over()
        async with services.database.writing() as session:
            (await session.get_one(Cluster, run_id)).released = True

    return end


async def test_a_line_says_where_it_is_from(services, run_id, log, over):
    log("careful", stream=LogStream.ERR)
    await over()

    line, end = await the_rest(stream(services, run_id, wanted=ALL, rhythm=EAGER))

    assert line.data == {
        "kind": "task",
        "invocationId": "i-1",
        "nodeId": "n-1",
        "stream": "err",
        "at": "2026-11-22T12:00:00Z",
        "text": "careful",
    }
    assert (end.kind, end.data["state"]) == ("end", "SUCCEEDED")


async def test_lines_come_in_the_order_in_which_they_were_stored(services, run_id, log, over):
    log("1", "2", invocation="i-1")
    log("3", invocation="i-2")
    log("4", kind=LogKind.SYSTEM)
    events = stream(services, run_id, wanted=ALL, rhythm=EAGER)
    assert texts(read(await anext(events))) == ["1", "2", "3", "4"]

    log("5", invocation="i-1")
    assert texts(read(await anext(events))) == ["5"]

    await over()
    assert [event.kind for event in await the_rest(events)] == ["end"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", ["one", "two", "pip", "node", "ray"]),
        ("&kind=system", ["node"]),
        ("&kind=system&kind=env_setup", ["pip", "node"]),
        ("&taskInvocationId={solve}", ["two"]),
        ("&taskInvocationId={solve}&kind=task&kind=other", ["two", "ray"]),
        ("&taskInvocationId={solve}&kind=system", ["node"]),
    ],
)
async def test_only_lines_that_are_wanted_are_told(
    user, run_id, definition, log, gone, query, told
):
    solve = invocation_of(definition, "solve")
    log("one", invocation=invocation_of(definition, "load"))
    log("two", invocation=solve)
    log("pip", kind=LogKind.ENV_SETUP)
    log("node", kind=LogKind.SYSTEM)
    log("ray", kind=LogKind.OTHER)
    await gone()

    wanted = query.format(solve=solve)
    answer = await user.get(f"/api/workflow-run-log-events?workflowRunId={run_id}{wanted}")

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert texts(read(answer.text)) == told
    assert read(answer.text)[-1].kind == "end"


@pytest.mark.parametrize("read_at_once", [1, 7, 1 << 16])
async def test_after_each_event_a_new_stream_goes_on(
    services, run_id, log, over, monkeypatch, read_at_once
):
    monkeypatch.setattr(streaming, "_MOST_TEXT", read_at_once)
    log("one", "two", "three")
    log("four", "five", invocation="i-2")
    log("six")
    await over()
    *whole, _ = await the_rest(stream(services, run_id, wanted=ALL, rhythm=EAGER))
    assert texts(whole) == ["one", "two", "three", "four", "five", "six"]

    for number, event in enumerate(whole, start=1):
        after = Position.parse(event.id)
        rest = await the_rest(stream(services, run_id, wanted=ALL, after=after, rhythm=EAGER))
        assert texts(rest) == texts(whole)[number:]


@pytest.mark.parametrize("how", ["header", "query"])
async def test_a_client_that_connects_again_says_what_it_has(user, run_id, log, gone, how):
    log("one", "two")
    await gone()
    path = f"/api/workflow-run-log-events?workflowRunId={run_id}&kind=task"
    first = read((await user.get(path)).text)[0]

    if how == "header":
        answer = await user.get(path, headers={"Last-Event-ID": first.id})
    else:
        answer = await user.get(f"{path}&lastEventId={first.id}")

    assert texts(read(answer.text)) == ["two"]


@pytest.mark.parametrize(
    "place", ["x", "-1.0", "1", "1.0", "0.9999", "9999.0", "0.0.0", "٣.٣", "1e3.0", "9" * 40]
)
async def test_a_place_that_no_event_has_is_refused(user, run_id, log, place):
    log("one")

    answer = await user.get(
        "/api/workflow-run-log-events",
        params={"workflowRunId": run_id, "lastEventId": place},
    )

    assert answer.status_code == 400
    assert "the id of an event of the same run" in answer.json()["detail"]


@pytest.mark.parametrize(("query", "status"), [("kind=x", 400), ("taskInvocationId=x", 404)])
async def test_what_there_is_not_is_told(user, run_id, query, status):
    answer = await user.get(f"/api/workflow-run-log-events?workflowRunId={run_id}&{query}")

    assert answer.status_code == status


@pytest.mark.parametrize(("who", "status"), [("eve", 403), ("ada", 404)])
async def test_lines_are_for_those_who_may_see_the_run(user, services, run_id, who, status):
    asked = run_id if status == 403 else "no-such-run"
    user.headers["Authorization"] = f"Bearer {services.tokens.issue(who)}"

    answer = await user.get(f"/api/workflow-run-log-events?workflowRunId={asked}")

    assert answer.status_code == status


async def test_half_a_line_is_told_by_nobody_and_hides_nothing(services, run_id, log, over):
    log("whole")
    for file in (services.folder.logs / run_id).rglob("*"):
        if file.is_file():
            with file.open("ab") as opened:
                opened.write(b'["tas')
    log("after it")
    await over()

    events = await the_rest(stream(services, run_id, wanted=ALL, rhythm=EAGER))

    assert texts(events) == ["whole", "after it"]


async def test_a_log_that_is_lost_leaves_out_its_lines(services, run_id, log, over):
    log("lost")
    for file in (services.folder.logs / run_id / "task").iterdir():
        file.unlink()
    log("kept", kind=LogKind.OTHER)
    await over()

    assert texts(await the_rest(stream(services, run_id, wanted=ALL, rhythm=EAGER))) == ["kept"]


async def test_a_run_without_lines_ends_its_stream(services, run_id, over):
    await over()

    (end,) = await the_rest(stream(services, run_id, wanted=ALL, rhythm=EAGER))

    assert end.kind == "end"


async def test_lines_that_come_after_the_end_of_the_run_are_told(services, run_id, log, over):
    await over()
    events = stream(services, run_id, wanted=ALL, rhythm=PATIENT)
    log("first")
    assert texts(read(await anext(events))) == ["first"]
    log("last words")

    assert texts(read(await anext(events))) == ["last words"]
    await events.aclose()


async def test_nothing_is_waited_for_that_could_not_write(services, run_id, log, gone):
    log("all")
    await gone()

    events = await the_rest(stream(services, run_id, wanted=ALL, rhythm=PATIENT))

    assert [event.kind for event in events][-2:] == ["line", "end"]


async def test_a_run_that_ended_long_ago_is_silent_although_its_cluster_goes_on(
    services, run_id, log, over
):
    log("all")
    await over()
    later = replace(services, clock=lambda: AT + timedelta(hours=1))

    events = await the_rest(stream(later, run_id, wanted=ALL, rhythm=PATIENT))

    assert [event.kind for event in events][-2:] == ["line", "end"]


async def test_a_failed_run_is_followed_as_long_as_tasks_go_on(
    services, run_id, head_of, definition, log, over
):
    failure = ended(run_id, invocation_of(definition, "load"), State.FAILED, message="no")
    await head_of(run_id).tell(1, [failure])
    events = stream(services, run_id, wanted=ALL, rhythm=RESTLESS)

    assert await anext(events) == "id: 0.0\n: nothing new\n\n"
    log("another task goes on")
    assert texts(read(await anext(events))) == ["another task goes on"]
    await over()

    assert (await the_rest(events))[-1].data["state"] == "FAILED"


async def test_an_engine_that_stops_ends_its_streams(services, run_id, log):
    log("one")
    events = stream(services, run_id, wanted=ALL, rhythm=EAGER)
    await anext(events)

    services.changes.close()

    assert await the_rest(events) == []


async def test_who_has_stopped_following_leaves_nothing(services, run_id, log):
    log("one")
    events = stream(services, run_id, wanted=ALL, rhythm=EAGER)
    await anext(events)

    await events.aclose()

    assert services.changes._watches == services.logs.changes._watches == {}


async def test_many_long_logs_are_told_in_pieces(services, run_id, over):
    for number in range(200):
        services.logs.append(lines(run_id, *["x" * 1000] * 10, invocation=f"i-{number}"))
    await over()

    parts = [part async for part in stream(services, run_id, wanted=ALL, rhythm=EAGER)]

    assert len(texts(read("".join(parts)))) == 2000
    assert max(map(len, parts)) < 150_000


async def test_long_arrivals_without_anything_wanted_is_read_in_pieces(
    services, run_id, log, over, monkeypatch
):
    monkeypatch.setattr(streaming, "_MOST_ARRIVALS", 100)
    for _ in range(20):
        log("unwanted")
    log("wanted", kind=LogKind.OTHER)
    await over()
    wanted = Wanted(kinds=frozenset({LogKind.OTHER}))

    piece = streaming.read_piece(services.logs, run_id, wanted, Position(0, 0))
    events = await the_rest(stream(services, run_id, wanted=wanted, rhythm=EAGER))

    assert (piece.lines, piece.is_last) == ([], False)
    assert texts(events) == ["wanted"]


async def test_lines_without_text_are_told_in_pieces_too(services, run_id, over):
    services.logs.append(lines(run_id, *[""] * 2000))
    await over()

    parts = [part async for part in stream(services, run_id, wanted=ALL, rhythm=EAGER)]

    assert len(texts(read("".join(parts)))) == 2000
    assert max(map(len, parts)) < 150_000


async def test_a_sign_of_life_comes_whatever_unwanted_lines_do_and_they_stay_skipped(
    services, run_id, log, over
):
    rhythm = replace(EAGER, beat=timedelta(seconds=0.05))
    wanted = Wanted(kinds=frozenset({LogKind.SYSTEM}))
    events = stream(services, run_id, wanted=wanted, rhythm=rhythm)

    async def write():
        while True:
            log("unwanted")
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    async with asyncio.timeout(1.5):
        sign = await anext(events)
    writing.cancel()
    await events.aclose()
    await over()

    identifier = sign.removeprefix("id: ").removesuffix("\n: nothing new\n\n")
    after = Position.parse(identifier)
    assert after.entry > 0
    services.logs.arrivals(run_id).check(after)


async def test_the_run_is_looked_at_only_where_its_own_bell_rang(services, run_id, log, over):
    events = stream(services, run_id, wanted=ALL, rhythm=EAGER)
    log("one")
    await anext(events)
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.05)  # it has looked for the first time
    asked = asked_of(services)

    log("two")

    assert texts(read(await waiting)) == ["two"]
    log("three")
    assert texts(read(await anext(events))) == ["three"]
    assert asked == []
    await over()
    assert [event.kind for event in await the_rest(events)] == ["end"]


async def test_a_cluster_of_its_own_is_waited_for_until_nothing_of_it_is_left(
    services, run_id, log, gone, over
):
    await over()
    rhythm = replace(EAGER, settle=LONG)
    events = stream(services, run_id, wanted=ALL, rhythm=rhythm)
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.05)  # many times as long as it lingers
    assert not waiting.done()

    log("last words")
    assert texts(read(await waiting)) == ["last words"]
    async with services.database.writing() as session:
        (await session.get_one(Cluster, run_id)).released = True

    assert [event.kind for event in await the_rest(events)] == ["end"]


async def test_where_other_runs_go_on_nobody_waits_for_long(services, run_id, log, over):
    async with services.database.writing() as session:
        (await session.get_one(Cluster, run_id)).shared = True
    log("all")
    await over()

    events = await the_rest(
        stream(services, run_id, wanted=ALL, rhythm=replace(EAGER, settle=LONG))
    )

    assert [event.kind for event in events] == ["line", "end"]


async def test_who_may_not_see_the_run_any_more_is_told_nothing_more(services, run_id, log):
    async def still_may_see():
        return False

    log("one")
    rhythm = replace(EAGER, beat=AT_ONCE)
    events = stream(services, run_id, wanted=ALL, rhythm=rhythm, still_may_see=still_may_see)

    assert await the_rest(events) == []


async def test_who_is_cancelled_while_following_leaves_nothing(services, run_id, log):
    events = stream(services, run_id, wanted=ALL, rhythm=EAGER)
    log("one")
    await anext(events)
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.05)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert services.changes._watches == services.logs.changes._watches == {}


async def test_archives_are_read_in_threads_of_their_own(user, services, run_id, monkeypatch):
    names = []

    def read_it(*_, **__):
        names.append(threading.current_thread().name)
        return iter(())

    monkeypatch.setattr(services.logs, "read", read_it)

    for path in ("workflow-run-logs", "workflow-run-logs/system"):
        answer = await user.get(f"/api/{path}?workflowRunId={run_id}")
        assert answer.status_code == 200

    assert names
    assert {name.partition("_")[0] for name in names} == {"logs"}


async def test_a_run_of_which_nothing_was_launched_has_nothing_to_wait_for(user, run_id):
    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    answer = await user.get(f"/api/workflow-run-log-events?workflowRunId={run_id}")

    assert read(answer.text)[-1].kind == "end"
