"""The autoscaler's file, and letting the nodes of pools go."""

import json
import threading

import pytest

from orquestra.executor.engine_client import EngineClient
from orquestra.executor.pools import AutoscalerFile, PoolRelease
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import ClusterWork, NodeRequest, NodeSize

NODE = NodeSize(cpu=1, memory=2**30, gpu=0)


def work(*pools, version=1):
    return ClusterWork(version=version, runs=[], pools=pools, idle_timeout_seconds=60)


def pools(*, min_nodes=0, **counts):
    sizes = {name: (count, NODE) for name, count in counts.items()}
    return PlanBuilder(pools=sizes, min_nodes=min_nodes).build().pools


@pytest.fixture
def path(tmp_path):
    return tmp_path / "autoscaler.json"


def types(path):
    return json.loads(path.read_text())["available_node_types"]


def test_a_pool_that_is_gone_stays_in_the_file_but_keeps_no_nodes(path):
    file = AutoscalerFile(path, cluster_id="cluster-1")
    file.write(work(*pools(a=2, min_nodes=1)))

    file.write(work(*pools(b=1)))

    assert types(path)["a"]["min_workers"] == 0
    assert types(path)["a"]["max_workers"] == 2
    assert types(path)["b"]["max_workers"] == 1


def test_a_file_that_would_not_change_is_left_alone(path):
    file = AutoscalerFile(path, cluster_id="cluster-1")
    file.write(work(*pools(a=2)))
    before = path.stat().st_ino

    file.write(work(*pools(a=2), version=2))
    same = path.stat().st_ino
    file.write(work(*pools(a=3), version=3))

    assert same == before
    assert path.stat().st_ino != before


@pytest.mark.parametrize(("min_nodes", "left"), [(0, 0), (1, 1)])
def test_the_nodes_of_a_pool_that_no_task_can_use_are_let_go_but_not_below_its_least(
    serve, min_nodes, left
):
    run = PlanBuilder(pools={"a": (3, NODE), "b": (1, NODE)}, min_nodes=min_nodes).build()
    engine = serve(run)
    client = EngineClient(engine.head_start)
    for pool_id, count in (("a", 3), ("b", 1)):
        engine.add_nodes(NodeRequest(request_id=pool_id, pool_id=pool_id, count=count, tags={}))
    release = PoolRelease(client)
    release.update(engine.work(after=0))

    release.release("a")

    engine.wait_for(lambda: len(engine.live_nodes()) == 1 + left, seconds=5)
    for thread in threading.enumerate():
        if thread.name == "release":
            thread.join(5)
    client.close()
    assert [node.pool_id for node in engine.live_nodes()].count("b") == 1


def test_an_engine_that_refuses_leaves_the_nodes_to_the_autoscaler(serve, caplog):
    engine = serve()
    client = EngineClient(engine.head_start)
    engine.over = True

    with caplog.at_level("INFO"):
        PoolRelease(client)._release("a")

    client.close()
    assert "could not be let go" in caplog.text
