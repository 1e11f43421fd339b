"""Following runs: by streams that a test makes up, and on an engine that really serves."""

import itertools
import threading
import warnings
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import BaseRuntimeError, NotFoundError, RemoteConnectionError
from orquestra.sdk.logs import LogLine
from orquestra.sdk.runs import live, waiting
from orquestra.sdk.runs.live import Kind, follow_logs, watch
from orquestra.sdk.runtime import LiveEvent
from orquestra.sdk.schema import api
from orquestra.sdk.schema.cluster import LogKind, LogLines, LogStream
from orquestra.sdk.schema.cluster import LogLine as WireLine
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import ended, finished, started
from tests.unit.sdk.runs.live_engine import LiveEngine

AWAY = RemoteConnectionError("http://engine.example")
AT = datetime(2026, 11, 22, tzinfo=UTC)
ENDED = LiveEvent(
    "", api.RunProgress(state="SUCCEEDED", total_tasks=2, completed_tasks=2), is_last=True
)
OPENING = LiveEvent("", None, is_opening=True)


def line(number, text, *, kind="task", stream="out"):
    body = api.RunLogLine(kind=kind, invocation_id="i-1", stream=stream, at=AT, text=text)
    return LiveEvent(str(number), body)


class Scripted:
    """A runtime whose streams are given, one for each time that one is opened."""

    def __init__(self, *streams):
        self._streams = list(streams)
        self.opened = []

    def _open(self, _run_id, **asked):
        self.opened.append(asked)
        for event in self._streams.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event

    run_events = log_events = _open
    start = status = progress = events = summaries = results = artifacts = _open
    workflow_logs = task_logs = stop = project = pools = timing = _open


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Pauses before a stream is opened again take no time; this has how long they would be."""
    taken = []
    monkeypatch.setattr(live, "_sleep", taken.append)
    return taken


def test_a_line_says_where_it_is_from():
    runtime = Scripted([line(1, "no", stream="err"), ENDED])

    assert list(follow_logs(runtime, "r1")) == [
        LogLine(kind=Kind.PER_TASK, text="no", is_error=True, at=AT, task_invocation_id="i-1")
    ]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({}, ["task", "system", "env_setup", "other"]),
        ({"invocation_id": "i-1"}, ["task"]),
        ({"kinds": [Kind.ENV_SETUP, Kind.PER_TASK]}, ["env_setup", "task"]),
        ({"kinds": [Kind.SYSTEM], "invocation_id": "i-1"}, ["system"]),
    ],
)
def test_the_kinds_that_are_wanted_are_asked_for(asked, kinds):
    runtime = Scripted([ENDED])

    list(follow_logs(runtime, "r1", **asked))

    assert runtime.opened == [
        {"kinds": kinds, "invocation_id": asked.get("invocation_id"), "after": None}
    ]


def test_a_stream_that_breaks_goes_on_where_it_broke(pauses):
    runtime = Scripted(
        [line(1, "a"), line(2, "b"), AWAY],
        [AWAY],
        [],
        [line(3, "c"), LiveEvent("7", None)],
        [LiveEvent("", None), ENDED],
    )

    told = []
    lines = follow_logs(runtime, "r1", on_outage=told.append)

    assert [line.text for line in lines] == ["a", "b", "c"]

    assert [asked["after"] for asked in runtime.opened] == [None, "2", "2", "2", "7"]
    assert pauses == [0.5] * 4
    assert told == [AWAY, None]


def test_each_outage_is_told_once_and_so_is_its_end():
    runtime = Scripted(
        [AWAY],
        [AWAY],
        [progress("RUNNING"), AWAY],
        [AWAY],
        [progress("SUCCEEDED", is_last=True)],
    )
    heard = []

    heard.extend(each.progress.state.value for each in watch(runtime, "r1", on_outage=heard.append))

    assert heard == [AWAY, None, "RUNNING", AWAY, None, "SUCCEEDED"]


def test_an_outage_is_over_when_the_engine_is_there_though_it_has_nothing_to_say():
    heard = []

    def quiet():
        yield OPENING
        assert heard == [AWAY, None]
        yield ENDED

    list(follow_logs(Scripted([AWAY], quiet()), "r1", on_outage=heard.append))

    assert heard == [AWAY, None]


@pytest.mark.parametrize("follow", [follow_logs, watch])
def test_who_does_not_listen_is_warned_of_an_outage_at_the_own_line(follow):
    with pytest.warns(UserWarning, match=r"cannot be reached.*Trying again\.") as warned:
        list(follow(Scripted([AWAY], [AWAY], [ENDED]), "r1"))

    (warning,) = warned
    assert warning.filename == __file__


def test_a_later_outage_is_warned_of_as_well(monkeypatch):
    moments = iter([AT, AT + timedelta(minutes=5)])
    monkeypatch.setattr(live, "datetime", SimpleNamespace(now=lambda: next(moments)))

    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        for _ in range(2):
            list(follow_logs(Scripted([AWAY], [ENDED]), "r1"))

    assert len(shown) == 2


def test_an_engine_that_stays_away_ends_the_following(monkeypatch):
    moments = itertools.count(0, 100)
    monkeypatch.setattr(live.time, "monotonic", lambda: next(moments))

    with pytest.raises(RemoteConnectionError):
        list(follow_logs(Scripted(*[[AWAY]] * 10), "r1", on_outage=lambda _: None))


def test_streams_that_end_without_a_word_end_the_following(monkeypatch, pauses):
    moments = itertools.count(0, 100)
    monkeypatch.setattr(live.time, "monotonic", lambda: next(moments))

    with pytest.raises(BaseRuntimeError, match="without a word"):
        list(follow_logs(Scripted(*[[OPENING]] * 10), "r1"))

    assert set(pauses) == {0.5}


def test_what_a_program_raises_while_it_follows_is_its_own():
    with pytest.raises(RemoteConnectionError):  # noqa: PT012 - the loop is the test
        for _ in follow_logs(Scripted([line(1, "a"), ENDED]), "r1"):
            raise AWAY


def change(*tasks, is_complete=False):
    runs = [api.TaskRun(id=f"r1@{name}", invocation_id=name, status=api.Status(state=state))
            for name, state in tasks]  # fmt: skip
    return LiveEvent("t", api.TaskChanges(is_complete=is_complete, task_runs=runs))


def progress(state, *, is_last=False):
    told = api.RunProgress(state=state, total_tasks=2, completed_tasks=0)
    return LiveEvent("p", told, is_last=is_last)


def states(snapshot):
    return {name: task.status.state.value for name, task in snapshot.tasks.items()}


def test_a_snapshot_has_all_tasks_as_they_are():
    runtime = Scripted(
        [
            progress("RUNNING"),
            change(("a", "WAITING"), ("b", "WAITING"), is_complete=True),
            change(("a", "RUNNING")),
            AWAY,
        ],
        [
            change(("a", "SUCCEEDED"), ("c", "WAITING"), is_complete=True),
            LiveEvent("n", api.PoolList(pools=[])),
            progress("SUCCEEDED", is_last=True),
        ],
    )

    seen = [states(each) for each in watch(runtime, "r1", on_outage=lambda _: None)]

    assert seen == [
        {},
        {"a": "WAITING", "b": "WAITING"},
        {"a": "RUNNING", "b": "WAITING"},
        {"a": "SUCCEEDED", "c": "WAITING"},
        {"a": "SUCCEEDED", "c": "WAITING"},
        {"a": "SUCCEEDED", "c": "WAITING"},
    ]


def test_a_snapshot_stays_as_it_was():
    runtime = Scripted([progress("RUNNING"), change(("a", "WAITING")), change(("a", "RUNNING")),
                        progress("SUCCEEDED", is_last=True)])  # fmt: skip

    _, first, second, _ = watch(runtime, "r1")

    assert (states(first), states(second)) == ({"a": "WAITING"}, {"a": "RUNNING"})


def test_a_failed_run_is_watched_as_long_as_tasks_go_on():
    runtime = Scripted(
        [progress("FAILED"), change(("a", "RUNNING"))],  # the engine is restarted
        [],
        [change(("a", "SUCCEEDED")), progress("FAILED", is_last=True), AWAY],
    )

    seen = list(watch(runtime, "r1"))

    assert [states(each) for each in seen] == [{}, {"a": "RUNNING"}, {"a": "SUCCEEDED"}]
    assert len(runtime.opened) == 3


@sdk.task
def one():
    return 1


@sdk.workflow
def counting():
    return one()


@sdk.task
def say():
    print("said")


@sdk.workflow
def telling():
    return say()


def test_a_run_in_process_gives_the_lines_that_it_has_left():
    run = telling().run("in_process")

    assert [(told.text, told.at) for told in run.follow_logs()] == [("said", None)]
    assert list(run.follow_logs(Kind.SYSTEM)) == []
    with pytest.raises(NotFoundError, match="in process"):
        run.watch()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = LiveEngine(tmp_path_factory.mktemp("engine"))
    with engine.serving():
        yield engine


@pytest.fixture
def run(engine):
    return sdk.WorkflowRun.start_from_ir(counting().model, engine.login())


def log(run_id, *texts):
    lines = [WireLine(at=AT.timestamp(), text=text) for text in texts]
    return LogLines(
        run_id=run_id, kind=LogKind.TASK, stream=LogStream.OUT, lines=lines, invocation_id="i-1"
    )


def test_lines_are_read_as_they_come(engine, run):
    lines = run.follow_logs(Kind.PER_TASK)
    engine.tell(run.run_id, started(run.run_id), log(run.run_id, "1", "2"))
    assert [next(lines).text, next(lines).text] == ["1", "2"]

    engine.tell(run.run_id, log(run.run_id, "3"))
    assert next(lines).text == "3"

    engine.tell(run.run_id, finished(run.run_id))
    assert list(lines) == []


def test_tasks_are_seen_as_they_change(engine, run):
    (invocation,) = run.get_status_model().workflow_def.task_invocations
    snapshots = run.watch()
    first = next(each for each in snapshots if each.tasks)
    assert "head of its run cluster" in first.tasks[invocation].status.message

    engine.tell(run.run_id, started(run.run_id), ended(run.run_id, invocation, State.SUCCEEDED))
    engine.tell(run.run_id, finished(run.run_id))

    last = list(snapshots)[-1]
    assert (last.progress.state, states(last)) == (State.SUCCEEDED, {invocation: "SUCCEEDED"})


def test_a_slow_reader_holds_up_nobody(engine, run):
    slow = run.follow_logs(Kind.PER_TASK)
    text = "x" * 10_000
    for _ in range(7):
        engine.store(log(run.run_id, *[text] * 100))
    next(slow)  # 7 MB are on their way, more than connections hold, and nobody takes them

    engine.tell(run.run_id, started(run.run_id), finished(run.run_id))
    engine.store(log(run.run_id, "last words"))

    assert run.wait_until_finished(verbose=False) is State.SUCCEEDED
    assert sum(1 for _ in slow) == 700


def test_who_waits_is_told_of_the_end_and_never_asks_again(engine, run, monkeypatch):
    monkeypatch.setattr(waiting, "_progress", lambda runtime, run_id, **_: runtime.events(run_id))
    monkeypatch.setattr(waiting, "RECONNECT_PAUSE", None)
    engine.tell(run.run_id, started(run.run_id))
    known = threading.Event()
    thread = threading.Thread(
        target=lambda: (run.wait_until_finished(verbose=False), known.set()), daemon=True
    )
    thread.start()

    engine.tell(run.run_id, finished(run.run_id))

    assert known.wait(10)
    thread.join()


def test_lines_go_on_after_a_restart_of_the_engine(tmp_path):
    engine = LiveEngine(tmp_path)
    with engine.serving():
        run = sdk.WorkflowRun.start_from_ir(counting().model, engine.login())
        engine.tell(run.run_id, started(run.run_id), log(run.run_id, "before"))
        lines = run.follow_logs(Kind.PER_TASK)
        assert next(lines).text == "before"
    with engine.serving():
        engine.tell(run.run_id, log(run.run_id, "after"))
        assert next(lines).text == "after"

        engine.tell(run.run_id, finished(run.run_id))
        assert list(lines) == []
