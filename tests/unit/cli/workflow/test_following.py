"""`orq wf logs --follow` and `orq wf watch`, on streams that a canned engine sends."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from orquestra.cli.workflow import watch_table
from orquestra.cli.workflow.watch_table import LiveTable
from orquestra.sdk.exceptions import RemoteConnectionError
from orquestra.sdk.runs.live import RunSnapshot
from orquestra.sdk.schema import api
from tests.unit.cli.canned_engine import END, RUN_ID, START

LOGS, EVENTS = "/api/workflow-run-log-events", "/api/workflow-run-events"


def sent(*events):
    """A stream of these events, each a kind and its data."""
    return (
        200,
        "".join(
            f"event: {kind}\nid: {number}\ndata: {json.dumps(data)}\n\n"
            for number, (kind, data) in enumerate(events)
        ).encode(),
    )


def line(text, **fields):
    default = {"kind": "task", "invocationId": None, "nodeId": None, "stream": "out", "at": START}
    return "line", {**default, "text": text, **fields}


def progress(state, done=0, **fields):
    return "progress", {"state": state, "totalTasks": 2, "completedTasks": done, **fields}


END_OF_LOGS = ("end", progress("SUCCEEDED", 2)[1])


@pytest.fixture
def invocations(logged_in, engine):
    """The invocations of the run's tasks: `train_model`, which needs `generate_data`."""
    return list(engine.answer_run().task_invocations)


def test_followed_lines_begin_with_their_source(logged_in, engine, invocations):
    train, generate = invocations
    engine.answers[LOGS] = sent(
        line("epoch 1", invocationId=train),
        line("careful", invocationId=generate, stream="err"),
        line("joined", kind="system", nodeId="n-1"),
        END_OF_LOGS,
    )

    result = logged_in("wf", "logs", RUN_ID, "--follow")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "train_model | epoch 1",
        "generate_data | careful",
        "system n-1 | joined",
    ]


def test_followed_lines_are_json_objects_on_lines_of_their_own(logged_in, engine, invocations):
    train, _ = invocations
    engine.answers[LOGS] = sent(line("ä", invocationId=train), line("b"), END_OF_LOGS)

    first, second = logged_in("wf", "logs", RUN_ID, "-f", "--json").stdout.splitlines()

    assert json.loads(first) == {
        "kind": "per_task",
        "invocation_id": train,
        "node_id": None,
        "stream": "out",
        "at": "2025-02-24T08:26:07+00:00",
        "text": "ä",
    }
    assert json.loads(second)["text"] == "b"


def test_only_the_kinds_asked_for_are_followed(logged_in, engine, invocations):
    engine.answers[LOGS] = sent(END_OF_LOGS)

    logged_in("wf", "logs", RUN_ID, "--follow", "--task", "--system")

    (call,) = [call for call in engine.calls if LOGS in call]
    assert "kind=task&kind=system&" in call


@pytest.fixture
def outage(monkeypatch):
    """Has following a run tell of an engine that goes away and comes back."""

    def told(_run, *_kinds, on_outage):
        on_outage(RemoteConnectionError("http://engine.example"))
        on_outage(None)
        return iter(())

    for method in ("follow_logs", "watch"):
        monkeypatch.setattr(f"orquestra.sdk.WorkflowRun.{method}", told)


@pytest.mark.parametrize("options", [["logs", "--follow"], ["watch"]])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_engine_that_goes_away_is_told(logged_in, invocations, outage, options, more):
    result = logged_in("wf", *options, RUN_ID, *more)

    assert result.stdout == ""
    away, back = result.stderr.splitlines()
    assert away.startswith("note: The Compute Engine at http://engine.example cannot be reached.")
    assert away.endswith(" Trying again.")
    assert back == "note: the engine answers again."


def test_what_is_followed_is_not_saved(logged_in, engine, invocations, tmp_path):
    result = logged_in("wf", "logs", RUN_ID, "--follow", "--download-dir", str(tmp_path))

    assert result.exit_code == 2
    assert "--follow prints lines" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [(["logs", RUN_ID, "--follow"], 0), (["watch", RUN_ID], 130)]
)
def test_ctrl_c_ends_the_command_and_not_the_run(
    logged_in, engine, invocations, monkeypatch, arguments, code
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    for method in ("follow_logs", "watch"):
        monkeypatch.setattr(f"orquestra.sdk.WorkflowRun.{method}", interrupted)

    result = logged_in("wf", *arguments)

    assert result.exit_code == code
    assert f"The run {RUN_ID} goes on" in result.stderr
    assert not any(call.startswith("POST") for call in engine.calls)


def task(invocation_id, state, **status):
    return {
        "id": f"r@{invocation_id}",
        "invocationId": invocation_id,
        "status": {"state": state, **status},
    }


def pools(*states):
    nodes = [
        {
            "id": f"n-{number}",
            "pool": "p",
            "image": "lab:1",
            "digest": "",
            "state": state,
            "requestTime": START,
        }
        for number, state in enumerate(states, start=1)
    ]
    pool = {"id": "p", "image": "lab:1", "digest": "", "maxNodes": 2, "nodes": nodes}
    return "nodes", {"pools": [{**pool, "cpu": 1, "memory": 2**30, "gpu": 0}]}


@pytest.fixture
def changes(engine, invocations):
    """Has the engine tell of a run that ends so; gives the invocations."""

    def told(end):
        train, generate = invocations
        waiting = [
            task(train, "WAITING", message="Waits for the result of generate_data."),
            task(generate, "WAITING", message="A node of image lab:1 is starting."),
        ]
        engine.answers[EVENTS] = sent(
            progress("RUNNING"),
            pools("STARTING"),
            ("tasks", {"isComplete": True, "taskRuns": waiting}),
            pools("READY"),
            ("tasks", {"isComplete": False, "taskRuns": [task(generate, "RUNNING")]}),
            end,
            ("end", end[1]),
        )
        return train, generate

    return told


def test_changes_are_lines_where_nobody_looks(logged_in, changes):
    train, generate = changes(progress("SUCCEEDED", 2))

    result = logged_in("wf", "watch", RUN_ID)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{RUN_ID} is RUNNING, 0 of 2 tasks done",
        "node n-1 of image lab:1 is STARTING",
        f"train_model ({train}) is WAITING: Waits for the result of generate_data.",
        f"generate_data ({generate}) is WAITING: A node of image lab:1 is starting.",
        "node n-1 of image lab:1 is READY",
        f"generate_data ({generate}) is RUNNING",
        f"{RUN_ID} is SUCCEEDED, 2 of 2 tasks done",
    ]


def test_many_tasks_that_wait_for_the_same_are_one_line(logged_in, engine, invocations):
    waiting = [task(name, "WAITING", message="No node.") for name in invocations]
    engine.answers[EVENTS] = sent(
        progress("RUNNING"),
        ("tasks", {"isComplete": True, "taskRuns": waiting}),
        ("end", progress("SUCCEEDED", 2)[1]),
    )

    assert "\n2 tasks are WAITING: No node.\n" in logged_in("wf", "watch", RUN_ID).stdout


def test_a_run_that_fails_ends_the_command_so(logged_in, changes):
    changes(progress("FAILED", message="Task 'train_model' failed: no"))

    result = logged_in("wf", "watch", RUN_ID)

    assert result.exit_code == 9
    assert f"error: the run {RUN_ID} is FAILED: Task 'train_model' failed: no" in result.stderr
    assert f"`orq wf logs {RUN_ID}`" in result.stderr


def test_changes_are_json_objects_on_lines_of_their_own(logged_in, changes):
    _, generate = changes(progress("SUCCEEDED", 2))

    documents = [
        json.loads(text) for text in logged_in("wf", "watch", RUN_ID, "--json").stdout.splitlines()
    ]

    assert [document["event"] for document in documents] == [
        "progress",
        "nodes",
        "tasks",
        "nodes",
        "tasks",
        "progress",
    ]
    assert documents[2]["is_complete"]
    assert documents[4]["tasks"] == [
        {
            "invocation_id": generate,
            "state": "RUNNING",
            "start_time": None,
            "end_time": None,
            "message": None,
        }
    ]


def test_a_run_that_does_not_exist_is_told(logged_in):
    assert logged_in("wf", "watch", "no-such-run").exit_code == 10


@pytest.fixture
def table():
    """Renders a snapshot of a run as a terminal of some height shows it."""

    def render(tasks, *, height=30):
        console = Console(width=110, height=height, record=True, file=None, quiet=True)
        news = api.RunProgress(state="RUNNING", total_tasks=len(tasks), completed_tasks=0)
        snapshot = RunSnapshot(
            progress=news,
            tasks={each["invocationId"]: api.TaskRun.model_validate(each) for each in tasks},
            pools=api.PoolList.model_validate(pools("READY", "PULLING")[1]).pools,
            news=news,
        )
        table = LiveTable(
            RUN_ID,
            name_function=lambda key: f"f{key}",
            console=console,
            clock=lambda: datetime(2025, 2, 24, 8, 27, 7, tzinfo=UTC),
        )
        table.show(snapshot)
        console.quiet = False
        with console.capture() as captured:
            console.print(table.render())
        return captured.get()

    return render


def test_the_table_has_times_reasons_and_nodes(table):
    shown = table(
        [
            task("1", "SUCCEEDED", startTime=START, endTime=END),
            task("2", "RUNNING", startTime=START),
            task("3", "WAITING", message="Waits for the result of f2."),
        ]
    ).splitlines()

    rows = [
        text.split() for text in shown if text.split() and text.split()[0] in ("f1", "f2", "f3")
    ]
    assert rows == [
        ["f2", "2", "RUNNING", "1", "min", "00", "s"],
        ["f3", "3", "WAITING", "Waits", "for", "the", "result", "of", "f2."],
        ["f1", "1", "SUCCEEDED", "2.0", "s"],
    ]
    assert "nodes of lab:1: 1 PULLING, 1 READY" in "\n".join(shown)


def test_tasks_are_ordered_once_while_their_times_go_on(monkeypatch):
    ranked = []
    rank = watch_table._rank
    monkeypatch.setattr(watch_table, "_rank", lambda each: ranked.append(each) or rank(each))
    moments = iter(datetime(2025, 2, 24, 9, 0, second, tzinfo=UTC) for second in range(1, 60))
    console = Console(width=110, height=30)
    table = LiveTable(RUN_ID, name_function=str, console=console, clock=lambda: next(moments))
    running = api.TaskRun.model_validate(task("1", "RUNNING", startTime="2025-02-24T09:00:00Z"))
    news = api.RunProgress(state="RUNNING", total_tasks=1, completed_tasks=0)
    snapshot = RunSnapshot(progress=news, tasks={"1": running}, pools=(), news=news)

    def shown():
        with console.capture() as captured:
            console.print(table.render())
        return next(line for line in captured.get().splitlines() if "RUNNING " in line).split()

    table.show(snapshot)
    assert [shown()[-2:], shown()[-2:]] == [["1.0", "s"], ["2.0", "s"]]
    assert len(ranked) == 1

    table.show(replace(snapshot, news=news))
    shown()
    assert len(ranked) == 2


def test_while_the_engine_is_away_the_table_says_so_and_its_times_stand_still():
    moments = iter(datetime(2025, 2, 24, 9, 0, second, tzinfo=UTC) for second in range(1, 60))
    console = Console(width=110, height=30)
    table = LiveTable(RUN_ID, name_function=str, console=console, clock=lambda: next(moments))
    running = api.TaskRun.model_validate(task("1", "RUNNING", startTime="2025-02-24T09:00:00Z"))
    news = api.RunProgress(state="RUNNING", total_tasks=1, completed_tasks=0)

    def shown():
        with console.capture() as captured:
            console.print(table.render())
        return captured.get()

    table.tell_outage(RemoteConnectionError("http://engine.example"))
    assert "cannot be reached" in shown()
    table.tell_outage(None)

    table.show(RunSnapshot(progress=news, tasks={"1": running}, pools=(), news=news))
    assert "RUNNING   2.0 s" in shown()
    table.tell_outage(RemoteConnectionError("http://engine.example"))
    first = shown()
    assert "http://engine.example cannot be reached" in " ".join(first.split())
    assert first == shown()

    table.tell_outage(None)
    assert "reached" not in shown()
    assert "RUNNING   5.0 s" in shown()


def test_of_many_tasks_those_that_matter_are_shown_and_the_others_counted(table):
    tasks = [task(str(number), "SUCCEEDED", endTime=END) for number in range(10_000)]
    tasks[77] = task("77", "FAILED", message="boom")

    shown = table(tasks, height=20)

    assert len(shown.splitlines()) <= 20
    assert "boom" in shown
    assert "SUCCEEDED more" in shown
