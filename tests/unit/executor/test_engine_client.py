"""The calls to the engine, over a real Unix socket."""

import threading
import time
from pathlib import Path

import pytest

from orquestra.executor import engine_client
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import EngineRefused, RunOver
from orquestra.executor.testing import MemoryEngine, PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeId
from orquestra.sdk.values import SerializedValue

NAME = ir.ArtifactNodeId("artifact-1")


@pytest.fixture
def plan():
    return PlanBuilder().build()


@pytest.fixture
def connect():
    clients = []

    def open_client(start):
        clients.append(EngineClient(start))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    "value",
    [
        SerializedValue(format=ir.ArtifactFormat.JSON, data="[1, \u00e9]".encode()),
        SerializedValue(format=ir.ArtifactFormat.ENCODED_PICKLE, data=bytes(range(256)) * 20_000),
        SerializedValue(format=ir.ArtifactFormat.ENCODED_PICKLE, data=b""),
    ],
)
def test_a_value_comes_back_as_it_was_stored(serve, plan, connect, value):
    client = connect(serve(plan).head_start)

    client.put_artifact(NAME, value)

    assert client.get_artifact(NAME) == value


def test_an_engine_that_is_away_is_waited_for(plan, connect, tmp_path_factory):
    folder = Path(str(tmp_path_factory.getbasetemp())).parent
    late = MemoryEngine(plan, socket=Path("/tmp") / f"late-{folder.name}-{id(plan)}.sock")
    client = connect(late.head_start)
    plans = []
    waiting = threading.Thread(target=lambda: plans.append(client.plan()))

    waiting.start()
    with late:
        waiting.join(5)

    assert plans == [plan]


def test_the_end_of_the_run_is_its_own_error(serve, plan, connect):
    engine = serve(plan)
    engine.over = True

    with pytest.raises(RunOver):
        connect(engine.head_start).plan()


def test_what_the_engine_refuses_is_an_error_with_its_words(serve, plan, connect):
    client = connect(serve(plan).head_start)

    with pytest.raises(EngineRefused, match="404: no such thing"):
        client.get_artifact(ir.ArtifactNodeId("unknown"))


def test_another_token_opens_nothing(serve, plan, connect):
    start = serve(plan).head_start.model_copy(update={"token": "guess"})

    with pytest.raises(EngineRefused, match="401"):
        connect(start).plan()


def test_releasing_a_node_that_is_gone_is_fine(serve, plan, connect):
    connect(serve(plan).head_start).release_node(NodeId("long-gone"))


def test_an_engine_that_keeps_failing_is_given_up(serve, plan, connect, monkeypatch):
    engine = serve(plan)
    monkeypatch.setattr(engine_client, "PATIENCE", engine_client.PATIENCE * 0)
    engine.broken = True

    with pytest.raises(EngineRefused, match="500"):
        connect(engine.head_start).plan()


def test_a_large_value_travels_in_time_that_grows_with_its_size_and_not_faster(
    serve, plan, connect
):
    client = connect(serve(plan).head_start)

    def seconds(megabytes: int) -> float:
        value = SerializedValue(
            format=ir.ArtifactFormat.ENCODED_PICKLE, data=bytes(megabytes * 2**20)
        )
        begin = time.perf_counter()
        client.put_artifact(NAME, value)
        return time.perf_counter() - begin

    seconds(1)
    small, large = seconds(4), seconds(64)

    assert large < 80 * small, "given whole, 64 MB take some 200 times as long as 4 MB"
