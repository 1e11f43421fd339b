"""Whole runs on real Ray: a head and nodes as processes, and an engine in memory."""

import os
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import (
    LogLines,
    LogStream,
    NodeJoined,
    NodeSize,
    NodeState,
    TaskEnded,
    TaskStarted,
)
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.values import deserialize

NODE = NodeSize(cpu=1, memory=2**30, gpu=0)
SECONDS = 120  # generous: starting Ray takes 5 s, and much more on a busy machine


def where(value, pause):
    time.sleep(pause)
    return value, os.environ["RAY_CLOUD_INSTANCE_ID"]


def crash_once(marker):
    sys.stdout.write("first words\n")
    os.write(2, b"no end of line")
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(3)
    return "came back"


def greet(name):
    import tiny

    os.system("echo from a child")
    return f"{os.environ['GREETING']} {name} {tiny.VERSION}"


def gather(*values):
    return values


def fail(pause):
    time.sleep(pause)
    raise ValueError("no such luck")


def large(size):
    return b"x" * size


def length_after(value, pause):
    time.sleep(pause)
    return len(value)


@pytest.fixture
def wheel(tmp_path):
    """A package that pip can install without an index."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "VERSION = '1.0'\n")
        archive.writestr(
            "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        archive.writestr(
            "tiny-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return path


def lines(engine, made, stream):
    return [
        line.text
        for event in engine.events_of(LogLines)
        if event.invocation_id == made.invocation_id and event.stream is stream
        for line in event.lines
    ]


def result(engine, made):
    return deserialize(engine.artifacts[made.packed])


def test_pools_grow_to_their_cap_tasks_run_where_they_belong_and_idle_nodes_go(
    cluster, tmp_path, wheel
):
    builder = PlanBuilder(pools={"a": (2, NODE), "b": (1, NODE)})
    places = [builder.call(where, n, 1.5, pool="a", outputs=2) for n in range(4)]
    crashed = builder.call(crash_once, str(tmp_path / "marker"), pool="b", max_retries=1)
    greeting = builder.call(
        greet,
        places[0].parts[1],
        pool="b",
        env_vars={"GREETING": "hello"},
        requirements=(f"tiny @ file://{wheel}",),
    )
    ready = builder.call(gather, *[made.parts[0] for made in places], crashed, greeting, pool="b")
    last = builder.call(length_after, ready, 4, pool="b")

    with cluster(builder.build(last, idle_timeout_seconds=1)) as (engine, _):
        engine.wait_for(lambda: len(engine.nodes) == 3, seconds=SECONDS)
        most = Counter(node.pool_id for node in engine.live_nodes())
        end = engine.finished(seconds=SECONDS)
        left = Counter(node.pool_id for node in engine.live_nodes())

    assert end.state is State.SUCCEEDED, end.message
    assert most == {"a": 2, "b": 1}
    assert left == {"b": 1}
    joined = {event.node_id for event in engine.events_of(NodeJoined)}
    assert joined == engine.nodes.keys()

    assert_tasks_begin_before_they_end(engine.events)

    used = {result(engine, made)[1] for made in places}
    assert {engine.nodes[node_id].pool_id for node_id in used} == {"a"}
    assert result(engine, ready)[:5] == (0, 1, 2, 3, "came back")
    assert result(engine, greeting).startswith("hello a-")
    assert result(engine, greeting).endswith(" 1.0")
    # Of each pair the workflow uses one element only.
    assert places[1].parts[0] in engine.artifacts
    assert places[1].parts[1] not in engine.artifacts

    assert lines(engine, crashed, LogStream.OUT) == ["first words"] * 2
    assert lines(engine, crashed, LogStream.ERR) == ["no end of line"] * 2
    assert lines(engine, greeting, LogStream.OUT) == ["from a child"]
    ends = [e for e in engine.events_of(TaskEnded) if e.invocation_id == crashed.invocation_id]
    assert [(e.attempt, e.state, e.final) for e in ends] == [
        (1, State.FAILED, False),
        (2, State.SUCCEEDED, True),
    ]


def test_a_lost_node_is_replaced_and_a_lost_head_goes_on_from_what_is_stored(cluster):
    builder = PlanBuilder(pools={"a": (1, NODE)})
    value = builder.call(large, 2_000_000)
    first = builder.call(length_after, value, 3)
    second = builder.call(length_after, builder.call(gather, first), 3)

    with cluster(builder.build(second)) as (engine, nodes):
        engine.wait_for(lambda: has_started(engine, first), seconds=SECONDS)
        (lost,) = engine.live_nodes()
        nodes.kill(lost.id)
        engine.set_state(lost.id, NodeState.FAILED)

        engine.wait_for(lambda: has_started(engine, second), seconds=SECONDS)
        nodes.kill("head")
        for node in engine.live_nodes():
            engine.remove_node(node.id)
        nodes.start_head(engine.head_start)
        end = engine.finished(seconds=SECONDS)

    assert end.state is State.SUCCEEDED, end.message
    assert result(engine, second) == 1
    attempts = [e for e in engine.events_of(TaskEnded) if e.invocation_id == first.invocation_id]
    ends = [(e.attempt, e.state, e.final) for e in attempts]
    assert (ends[0], ends[-1]) == ((1, State.FAILED, False), (2, State.SUCCEEDED, True))
    assert "was lost while it ran" in attempts[0].message
    runs = [(event.invocation_id, event.attempt) for event in engine.events_of(TaskStarted)]
    assert runs.count((value.invocation_id, 1)) == 1
    assert (second.invocation_id, 2) in runs
    assert len(runs) == len({*runs})


def test_the_first_failure_ends_the_run_once_running_tasks_have_ended(cluster):
    builder = PlanBuilder(pools={"a": (2, NODE)})
    running = builder.call(where, 1, 4)
    broken = builder.call(fail, 2)
    waiting = [builder.call(where, n, 0) for n in range(5)]
    calls = [running, broken, *waiting]

    with cluster(builder.build(*calls)) as (engine, nodes):
        engine.wait_for(lambda: has_started(engine, broken), seconds=SECONDS)
        end = engine.finished(seconds=SECONDS)
        code = nodes.wait_for_head(seconds=SECONDS)

    assert end.state is State.FAILED
    assert end.message == f"Task 'fail' failed: ValueError: no such luck ({broken.invocation_id})"
    assert code == 0
    traceback = lines(engine, broken, LogStream.ERR)
    assert traceback[0] == "Traceback (most recent call last):"
    assert traceback[-1] == "ValueError: no such luck"
    begun = {event.invocation_id for event in engine.events_of(TaskStarted)}
    ended = {event.invocation_id for event in engine.events_of(TaskEnded)}
    assert begun == ended


def has_started(engine, made):
    return any(e.invocation_id == made.invocation_id for e in engine.events_of(TaskStarted))


def assert_tasks_begin_before_they_end(events):
    begun = set()
    for event in events:
        if isinstance(event, TaskStarted):
            begun.add((event.invocation_id, event.attempt))
        if isinstance(event, TaskEnded):
            assert (event.invocation_id, event.attempt) in begun
