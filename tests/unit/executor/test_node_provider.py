"""The node provider, driven by Ray's own adapter as its autoscaler drives it."""

from datetime import timedelta

import pytest
from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig
from ray.autoscaler.v2.instance_manager.node_provider import LaunchNodeError, NodeProviderAdapter
from ray.core.generated.instance_manager_pb2 import NodeKind

from orquestra.executor.autoscaling import autoscaler_config
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.node_provider import EngineNodeProvider
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import NodeSize, NodeState

NODE = NodeSize(cpu=1, memory=2**30, gpu=0)


class FixedConfig:
    """What the adapter reads configurations from."""

    def __init__(self, pools):
        config = autoscaler_config("cluster-1", pools=pools, idle_timeout=timedelta(minutes=1))
        self._config = AutoscalingConfig(config, skip_content_hash=True)

    def get_cached_autoscaling_config(self):
        return self._config


@pytest.fixture
def engine(serve):
    return serve(PlanBuilder(pools={"a": (3, NODE), "b": (2, NODE)}).build())


@pytest.fixture
def adapter(engine):
    client = EngineClient(engine.head_start)
    provider = EngineNodeProvider({}, "cluster-1", engine=client)
    yield NodeProviderAdapter(
        provider,
        FixedConfig(engine.work(after=0).pools),
        max_launch_batch_per_type=1000,
        max_concurrent_launches=4000,
    )
    client.close()


def workers(adapter):
    return {
        node_id: node
        for node_id, node in adapter.get_non_terminated().items()
        if node.node_kind == NodeKind.WORKER
    }


def test_the_head_is_listed_as_the_running_head(adapter):
    listed = adapter.get_non_terminated()

    assert list(listed) == ["head"]
    assert listed["head"].node_kind == NodeKind.HEAD
    assert listed["head"].node_type == "head"
    assert listed["head"].is_running


def test_a_launch_becomes_one_request_per_pool_and_the_nodes_carry_its_id(adapter, engine):
    adapter.launch({"a": 3, "b": 1}, "launch-1")
    engine.wait_for(lambda: len(engine.nodes) == 4, seconds=5)

    listed = workers(adapter)

    assert sorted(request.count for request in engine.requests) == [1, 3]
    assert sorted(node.node_type for node in listed.values()) == ["a", "a", "a", "b"]
    assert {node.request_id for node in listed.values()} == {"launch-1"}
    assert all(node.is_running for node in listed.values())


def test_a_node_that_is_being_pulled_exists_but_does_not_run(adapter, engine):
    adapter.launch({"a": 1}, "launch-1")
    engine.wait_for(lambda: len(engine.nodes) == 1, seconds=5)
    (node_id,) = engine.nodes
    engine.set_state(node_id, NodeState.PULLING)

    assert not workers(adapter)[node_id].is_running


@pytest.mark.parametrize("state", [NodeState.STOPPED, NodeState.FAILED])
def test_a_node_that_is_gone_is_not_listed(adapter, engine, state):
    adapter.launch({"a": 1}, "launch-1")
    engine.wait_for(lambda: len(engine.nodes) == 1, seconds=5)
    (node_id,) = engine.nodes

    engine.set_state(node_id, state)

    assert not workers(adapter)


def test_terminating_gives_a_node_back_and_may_be_repeated(adapter, engine):
    adapter.launch({"a": 1}, "launch-1")
    engine.wait_for(lambda: len(engine.nodes) == 1, seconds=5)
    (node_id,) = engine.nodes

    adapter.terminate([node_id], "stop-1")
    adapter.terminate([node_id], "stop-1")

    engine.wait_for(lambda: engine.nodes[node_id].state is NodeState.STOPPED, seconds=5)
    assert not workers(adapter)
    assert not adapter.poll_errors()


def test_a_refusal_of_the_engine_is_a_launch_error_of_ray(adapter, engine):
    engine.over = True

    adapter.launch({"a": 1}, "launch-1")

    adapter._main_executor.shutdown()
    adapter._node_launcher_executors.shutdown()
    (error,) = adapter.poll_errors()
    assert isinstance(error, LaunchNodeError)
    assert error.request_id == "launch-1"


def test_a_new_provider_knows_what_an_earlier_one_launched(adapter, engine):
    adapter.launch({"b": 2}, "launch-1")
    engine.wait_for(lambda: len(engine.nodes) == 2, seconds=5)
    client = EngineClient(engine.head_start)

    fresh = EngineNodeProvider({}, "cluster-1", engine=client)

    assert sorted(fresh.non_terminated_nodes({"ray-user-node-type": "b"})) == sorted(engine.nodes)
    client.close()


def test_nodes_that_find_no_room_are_asked_for_again_as_soon_as_there_is_some(adapter, engine):
    adapter.launch({"b": 2}, "launch-1")
    engine.wait_for(lambda: len(engine.nodes) == 2, seconds=5)
    stopping, _ = engine.nodes

    adapter.launch({"b": 1}, "launch-2")
    engine.wait_for(lambda: len(engine.requests) >= 2, seconds=5)
    engine.set_state(stopping, NodeState.STOPPED)

    engine.wait_for(lambda: len(engine.nodes) == 3, seconds=5)
    assert not adapter.poll_errors()
    assert {node.request_id for node in workers(adapter).values()} == {"launch-1", "launch-2"}
