from datetime import timedelta

import httpx
import pytest

from orquestra.sdk.compute_engine.client import ComputeEngineClient
from orquestra.sdk.compute_engine.runtime import ComputeEngine
from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    RemoteConnectionError,
    WorkflowRunNotFoundError,
)
from orquestra.sdk.runs import waiting
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State

WARNING = "The ENTRYPOINT is ignored"
GONE = httpx.ConnectError("connection refused")
NO_STREAM = httpx.Response(404, json={"message": "Not Found", "detail": "Not Found"})


def event(state, *, done=0, message=None):
    progress = api.RunProgress(
        state=state, total_tasks=2, completed_tasks=done, message=message, warnings=[WARNING]
    ).model_dump_json(by_alias=True)
    return f"data: {progress}\n\n".encode()


def snapshot(state):
    """What an engine answers when it is asked for the run."""
    run = api.Run(
        id="r1",
        definition_id="d1",
        owner="ada",
        status=api.Status(state=state),
        task_runs=[],
        warnings=[WARNING],
    )
    return httpx.Response(200, content=api.Envelope(data=run).model_dump_json(by_alias=True))


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Pauses take no time; this has how long they would have been."""
    taken = []
    monkeypatch.setattr(waiting.time, "sleep", taken.append)
    return taken


@pytest.fixture
def wait(make_token):
    """Waits for a run of an engine that answers as a test has told, question by question."""

    def start(*streams, asked=(), verbose=True, pause=timedelta(0)):
        waiting_streams, snapshots = list(streams), list(asked) or [snapshot("RUNNING")]

        def answer(request):
            if request.url.path == "/api/workflow-run-events":
                given = waiting_streams.pop(0)
            else:
                given = snapshots.pop(0) if len(snapshots) > 1 else snapshots[0]
            if isinstance(given, Exception):
                raise given
            return given if isinstance(given, httpx.Response) else _stream(given)

        config = RuntimeConfig.unsaved(name="x", uri="http://engine.example", token=make_token({}))
        client = ComputeEngineClient(config, transport=httpx.MockTransport(answer))
        return waiting.wait_for_end(ComputeEngine(client), "r1", pause=pause, verbose=verbose)

    return start


def _stream(parts):
    def content():
        for part in parts:
            if isinstance(part, Exception):
                raise part
            yield part

    return httpx.Response(200, content=content())


def test_waiting_ends_with_the_run_and_tells_the_progress_where_it_changes(wait, capsys):
    end = wait(
        [
            event("WAITING"),
            b": alive\n\n",
            event("RUNNING", done=1),
            event("SUCCEEDED", done=2),
        ]
    )

    assert (end.state, end.completed_tasks) == (State.SUCCEEDED, 2)
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        WARNING,
        "r1 is WAITING, 0 of 2 tasks done",
        "r1 is RUNNING, 1 of 2 tasks done",
        "r1 is SUCCEEDED, 2 of 2 tasks done",
    ]


def test_nothing_is_waited_for_where_events_come(wait, pauses):
    wait([event("RUNNING"), event("SUCCEEDED")])

    assert pauses == []


def test_a_failure_is_told_at_once_although_tasks_go_on(wait):
    def never_ends():
        yield event("RUNNING")
        yield event("FAILED", message="train failed")
        raise AssertionError("asked for more")

    assert wait(never_ends()).message == "train failed"


def test_progress_is_told_no_more_often_than_wished_but_the_end_always(wait, capsys):
    wait(
        [event("RUNNING"), event("RUNNING", done=1), event("SUCCEEDED", done=2)],
        pause=timedelta(hours=1),
    )

    assert capsys.readouterr().err.splitlines()[1:] == [
        "r1 is RUNNING, 0 of 2 tasks done",
        "r1 is SUCCEEDED, 2 of 2 tasks done",
    ]


def test_waiting_can_be_silent_and_then_asks_nothing_else(wait, capsys):
    wait([event("SUCCEEDED")], asked=[AssertionError("asked")], verbose=False)

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("lost", [[event("RUNNING")], [event("RUNNING"), httpx.ReadError("")]])
def test_a_stream_that_ends_before_the_run_is_opened_again(wait, pauses, lost):
    assert wait(lost, [event("SUCCEEDED")]).state is State.SUCCEEDED

    assert pauses == [0.5]


def test_an_engine_that_is_restarted_is_tried_again_and_told_once(wait, capsys, pauses):
    end = wait([event("RUNNING"), httpx.ReadError("")], GONE, GONE, [event("SUCCEEDED")])

    assert end.state is State.SUCCEEDED
    assert capsys.readouterr().err.count("Trying again") == 1
    assert pauses == [0.5] * 3


def test_an_engine_that_stays_away_ends_the_waiting(wait, monkeypatch):
    moments = iter(range(0, 10_000, 100))
    monkeypatch.setattr(waiting.time, "monotonic", lambda: next(moments))

    with pytest.raises(RemoteConnectionError):
        wait(*[GONE] * 10, verbose=False)


def test_streams_that_end_without_a_word_end_the_waiting(wait, monkeypatch):
    moments = iter(range(0, 10_000, 100))
    monkeypatch.setattr(waiting.time, "monotonic", lambda: next(moments))

    with pytest.raises(BaseRuntimeError, match="without a word"):
        wait(*[[]] * 10, verbose=False)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_whose_engine_is_restarted_is_asked_again(wait, pauses, status):
    proxy = httpx.Response(status, text="<html>nginx</html>")

    end = wait([event("RUNNING"), httpx.ReadError("")], proxy, [event("SUCCEEDED")], verbose=False)

    assert end.state is State.SUCCEEDED
    assert pauses == [0.5] * 2


def test_other_refusals_end_the_waiting(wait):
    with pytest.raises(BaseRuntimeError, match="with 500"):
        wait(httpx.Response(500, text="broken"), verbose=False)


@pytest.mark.parametrize("refusal", [NO_STREAM, httpx.Response(429, text="too many")])
def test_an_engine_that_tells_nothing_is_asked_again_and_again(wait, pauses, refusal):
    asked = [snapshot("WAITING"), snapshot("RUNNING"), snapshot("SUCCEEDED")]

    end = wait(refusal, asked=asked, verbose=False, pause=timedelta(seconds=4))

    assert end.state is State.SUCCEEDED
    assert pauses == [4, 4]


def test_a_run_that_does_not_exist_is_told(wait):
    with pytest.raises(WorkflowRunNotFoundError):
        wait(NO_STREAM, asked=[NO_STREAM], verbose=False)


def test_a_state_of_the_future_warns_and_goes_on(wait):
    with pytest.warns(UserWarning, match="does not know"):
        end = wait([event("SUCCEEDED").replace(b"SUCCEEDED", b"DREAMING"), event("SUCCEEDED")])

    assert end.state is State.SUCCEEDED


def test_a_stream_that_says_nothing_is_of_an_engine_that_stops(wait):
    assert wait([], [event("SUCCEEDED", done=2)]).state is State.SUCCEEDED
