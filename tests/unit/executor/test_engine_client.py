"""The calls to the engine, over a real Unix socket."""

import tempfile
import threading
from pathlib import Path

import pytest

from orquestra.executor import engine_client
from orquestra.executor.engine_client import EngineClient, pieces
from orquestra.executor.errors import ClusterOver, EngineRefused, RunOver
from orquestra.executor.testing import MemoryEngine, PlanBuilder
from orquestra.sdk.schema.cluster import (
    CachedResult,
    CachedValue,
    CacheQuery,
    Location,
    NodeId,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import WorkflowRunId

RUN = WorkflowRunId("run-1")


@pytest.fixture
def run():
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


def test_an_engine_that_is_away_is_waited_for(run, connect):
    with tempfile.TemporaryDirectory() as folder:
        late = MemoryEngine(run, folder=Path(folder))
        client = connect(late.head_start)
        plans = []
        waiting = threading.Thread(target=lambda: plans.append(client.plan(RUN)), daemon=True)

        waiting.start()
        with late:
            waiting.join(5)

    assert plans == [run.plan]


def test_the_end_of_the_cluster_is_its_own_error(serve, run, connect):
    engine = serve(run)
    engine.over = True

    with pytest.raises(ClusterOver):
        connect(engine.head_start).nodes()


def test_the_end_of_one_run_is_not_that_of_the_cluster(serve, run, connect):
    engine = serve(run)
    client = connect(engine.head_start)
    engine.end(RUN)

    with pytest.raises(RunOver):
        client.plan(RUN)
    with pytest.raises(RunOver):
        client.definition(RUN)
    assert client.work(after=0).runs == []


def test_a_run_comes_with_its_plan_and_its_definition(serve, run, connect):
    client = connect(serve(run).head_start)

    assert client.plan(RUN) == run.plan
    assert client.definition(RUN) == run.definition


def test_work_is_told_as_soon_as_it_changes(serve, run, connect):
    engine = serve()
    client = connect(engine.head_start)
    before = client.work(after=0)
    told = []
    waiting = threading.Thread(
        target=lambda: told.append(client.work(after=before.version)), daemon=True
    )

    waiting.start()
    engine.submit(run)
    waiting.join(5)

    assert before.runs == []
    assert [work.runs for work in told] == [[RUN]]
    assert [pool.id for pool in told[0].pools] == [pool.id for pool in run.pools]


def test_what_the_engine_refuses_is_an_error_with_its_words(serve, connect):
    engine = serve()
    start = engine.head_start.model_copy(update={"cluster_id": "another"})

    with pytest.raises(EngineRefused, match="404: no such thing"):
        connect(start).nodes()


def test_another_token_opens_nothing(serve, run, connect):
    start = serve(run).head_start.model_copy(update={"token": "guess"})

    with pytest.raises(EngineRefused, match="401"):
        connect(start).nodes()


def test_releasing_a_node_that_is_gone_is_fine(serve, run, connect):
    connect(serve(run).head_start).release_node(NodeId("long-gone"))


def test_an_engine_that_keeps_failing_is_given_up(serve, run, connect, monkeypatch):
    engine = serve(run)
    monkeypatch.setattr(engine_client, "PATIENCE", engine_client.PATIENCE * 0)
    engine.broken = True

    with pytest.raises(EngineRefused, match="500"):
        connect(engine.head_start).nodes()


def test_a_large_batch_is_sent_in_pieces():
    content = bytes(range(256)) * 4

    assert [*pieces(content, size=1000)] == [content[:1000], content[1000:]]


def test_results_of_earlier_runs_are_asked_for(serve, run, connect):
    engine = serve(run)
    location = Location("file", 0, 1, ValueFormat.JSON)
    result = CachedResult(run_id="old", values=[CachedValue(None, location)])
    engine.remembered = {"known": result}
    client = connect(engine.head_start)

    answer = client.cached(RUN, CacheQuery(keys=[("known", 60.0), ("unknown", None)]))

    assert answer.results == [result, None]
    engine.end(RUN)
    with pytest.raises(RunOver):
        client.cached(RUN, CacheQuery(keys=[]))
