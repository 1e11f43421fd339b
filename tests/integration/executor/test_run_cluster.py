"""Whole runs on real Ray: a head and nodes as processes, and an engine in memory."""

import os
import re
import subprocess
import sys
import time
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from orquestra import sdk
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import (
    AttemptsBegan,
    AttemptsEnded,
    HeadBegan,
    LogLines,
    LogStream,
    NodeJoined,
    NodeSize,
    NodeState,
    RunContext,
)
from orquestra.sdk.schema.workflow_run import State

NODE = NodeSize(cpu=1, memory=2**30, gpu=0)
RUN = "run-1"
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


def attempts(engine, kind, made=None, run_id=RUN):
    return [
        attempt
        for event in engine.events_of(kind)
        if event.run_id == run_id
        for attempt in event.attempts
        if made is None or attempt.invocation_id == made.invocation_id
    ]


def has_begun(engine, made):
    return bool(attempts(engine, AttemptsBegan, made))


def listening():
    """The addresses at which programs listen, by program."""
    told = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    found = defaultdict(set)
    for line in told.splitlines():
        address = re.sub(r"\[::ffff:(.*)\]", r"\1", line.split()[3])
        for program in re.findall(r'\("([^"]+)"', line):
            found[program].add(address)
    return found


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

    with cluster(builder.build(last), idle_timeout_seconds=1) as (engine, _):
        engine.wait_for(lambda: len(engine.nodes) == 3, seconds=SECONDS)
        most = Counter(node.pool_id for node in engine.live_nodes())
        end = engine.finished(RUN, seconds=SECONDS)
        left = Counter(node.pool_id for node in engine.live_nodes())
        results = engine.result(RUN, ready.packed)

    assert end.state is State.SUCCEEDED, end.message
    assert most == {"a": 2, "b": 1}
    assert left["a"] == 0
    joined = {event.node_id for event in engine.events_of(NodeJoined)}
    assert joined == engine.nodes.keys()

    used = {attempt.node_id for made in places for attempt in attempts(engine, AttemptsEnded, made)}
    assert {engine.nodes[node_id].pool_id for node_id in used} == {"a"}
    assert results[:5] == (0, 1, 2, 3, "came back")
    assert results[5].startswith("hello a-")
    assert results[5].endswith(" 1.0")
    # Of each pair the workflow uses one element only.
    assert places[1].parts[0] in engine.stored[RUN]
    assert places[1].parts[1] not in engine.stored[RUN]

    assert lines(engine, crashed, LogStream.OUT) == ["first words"] * 2
    assert lines(engine, crashed, LogStream.ERR) == ["no end of line"] * 2
    assert lines(engine, greeting, LogStream.OUT) == ["from a child"]
    ends = attempts(engine, AttemptsEnded, crashed)
    assert [(end.attempt, end.state, end.final) for end in ends] == [
        (1, State.FAILED, False),
        (2, State.SUCCEEDED, True),
    ]


def test_a_lost_node_is_replaced_and_a_lost_head_goes_on_from_what_is_stored(cluster):
    builder = PlanBuilder(pools={"a": (1, NODE)})
    value = builder.call(large, 2_000_000)
    first = builder.call(length_after, value, 3)
    second = builder.call(length_after, builder.call(gather, first), 3)

    with cluster(builder.build(second)) as (engine, nodes):
        engine.wait_for(lambda: has_begun(engine, first), seconds=SECONDS)
        (lost,) = engine.live_nodes()
        nodes.kill(lost.id)
        engine.set_state(lost.id, NodeState.FAILED)

        engine.wait_for(lambda: has_begun(engine, second), seconds=SECONDS)
        nodes.kill("head")
        for node in engine.live_nodes():
            engine.remove_node(node.id)
        nodes.start_head(engine.head_start)
        end = engine.finished(RUN, seconds=SECONDS)
        result = engine.result(RUN, second.packed)

    assert end.state is State.SUCCEEDED, end.message
    assert result == 1
    # A new head tells again that what is stored has succeeded, without a node.
    ends = [end for end in attempts(engine, AttemptsEnded, first) if end.node_id]
    assert [(end.attempt, end.state, end.final) for end in ends] == [
        (1, State.FAILED, False),
        (2, State.SUCCEEDED, True),
    ]
    assert "was lost while it ran" in ends[0].message
    assert {end.attempt for end in attempts(engine, AttemptsEnded, value)} == {1}
    begun = [begin.attempt for begin in attempts(engine, AttemptsBegan, second)]
    assert begun == [1, 2]


def test_the_first_failure_ends_the_run_once_running_tasks_have_ended(cluster):
    builder = PlanBuilder(pools={"a": (2, NODE)})
    running = builder.call(where, 1, 4)
    broken = builder.call(fail, 2)
    waiting = [builder.call(where, n, 0) for n in range(5)]

    with cluster(builder.build(running, broken, *waiting)) as (engine, nodes):
        end = engine.finished(RUN, seconds=SECONDS)
        engine.close_cluster()
        code = nodes.wait_for_head(seconds=SECONDS)

    assert end.state is State.FAILED
    assert end.message == f"Task 'fail' failed: ValueError: no such luck ({broken.invocation_id})"
    assert code == 0
    traceback = lines(engine, broken, LogStream.ERR)
    assert traceback[0] == "Traceback (most recent call last):"
    assert traceback[-1] == "ValueError: no such luck"
    begun = {attempt.invocation_id for attempt in attempts(engine, AttemptsBegan)}
    ended = {attempt.invocation_id for attempt in attempts(engine, AttemptsEnded)}
    assert begun <= ended


def test_two_runs_share_a_cluster_whose_least_node_came_by_itself(cluster):
    pools = {"a": (1, NODE)}
    slow, quick = (
        PlanBuilder(pools=pools, min_nodes=1, run_id=run_id) for run_id in ("slow", "quick")
    )
    waits = [slow.call(where, n, 0.5) for n in range(8)]
    hurries = [quick.call(where, n, 0) for n in range(50)]

    with cluster(idle_timeout_seconds=1) as (engine, _):
        engine.add_pools(*slow.build().pools)
        engine.wait_for(lambda: bool(engine.events_of(NodeJoined)), seconds=SECONDS)
        engine.submit(slow.build(*waits))
        engine.wait_for(lambda: bool(attempts(engine, AttemptsBegan, run_id="slow")), seconds=10)
        engine.submit(quick.build(*hurries))
        quick_end = engine.finished("quick", seconds=SECONDS)
        slow_has_ended = "slow" in {event.run_id for event in engine.ends()}
        slow_end = engine.finished("slow", seconds=SECONDS)

    assert (slow_end.state, quick_end.state) == (State.SUCCEEDED, State.SUCCEEDED)
    assert not slow_has_ended, "the quick run had to wait for the slow one"
    assert len(engine.nodes) == 1
    assert len(attempts(engine, AttemptsEnded, run_id="quick")) == 50


def test_a_run_that_its_user_ends_leaves_the_others_alone(cluster):
    pools = {"a": (1, NODE)}
    endless = PlanBuilder(pools=pools, run_id="endless")
    other = PlanBuilder(pools=pools, run_id="other")
    forever = endless.call(where, 1, 3600)
    short = other.call(where, 2, 0)

    with cluster(endless.build(forever)) as (engine, _):
        engine.wait_for(
            lambda: bool(attempts(engine, AttemptsBegan, run_id="endless")), seconds=SECONDS
        )
        engine.end("endless")
        engine.submit(other.build(short))
        end = engine.finished("other", seconds=SECONDS)

    assert end.state is State.SUCCEEDED


def test_two_clusters_on_one_machine_stay_on_its_loopback_address(cluster):
    def run():
        builder = PlanBuilder(pools={"a": (1, NODE)})
        return builder.build(builder.call(where, 1, 0))

    with cluster(run()) as (one, _), cluster(run()) as (other, _):
        ends = [engine.finished(RUN, seconds=SECONDS) for engine in (one, other)]
        listeners = listening()
        addresses = [engine.events_of(HeadBegan)[0].address for engine in (one, other)]

    assert [end.state for end in ends] == [State.SUCCEEDED, State.SUCCEEDED]
    assert len(set(addresses)) == 2
    assert {*addresses} <= listeners["gcs_server"]
    for program in ("gcs_server", "raylet"):
        hosts = {address.rpartition(":")[0] for address in listeners[program]}
        assert hosts == {"127.0.0.1"}


def test_tasks_read_the_secrets_of_their_run_through_the_head(cluster):
    def read(given):
        token = Path(os.environ["ORQ_SECRETS_TOKEN_FILE"]).read_text()
        return given, sdk.secrets.get("key", workspace_id="team"), token

    runs, reads = [], []
    for number, token in enumerate(("e30.e30.b25l", "e30.e30.dHdv"), 1):
        builder = PlanBuilder(run_id=f"run-{number}")
        reads.append(builder.call(read, sdk.Secret("key")))
        context = RunContext(
            owner="ada", workspace_id="ada", project_id="default", cluster="", token=token
        )
        runs.append(builder.build(reads[-1], context=context))

    with cluster(*runs) as (engine, _):
        engine.secrets |= {"key": "mine", "zri:v1::0:team:secret:key": "ours"}
        ends = [engine.finished(run.plan.run_id, seconds=SECONDS) for run in runs]
        results = [
            engine.result(run.plan.run_id, made.packed)
            for run, made in zip(runs, reads, strict=True)
        ]

    assert [end.message for end in ends] == [None, None]
    tokens = [run.plan.context.token for run in runs]
    assert results == [("mine", "ours", token) for token in tokens]
