"""The autoscaler's configuration, as committed and as Ray reads it."""

import json
from datetime import timedelta
from pathlib import Path

from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig

from orquestra.executor.autoscaling import autoscaler_config
from orquestra.sdk.schema.cluster import NodeSize, PoolPlan

GOLDEN = Path(__file__).parent / "golden" / "autoscaler.json"

POOLS = [
    PoolPlan(
        id="default",
        image="host",
        min_nodes=1,
        max_nodes=4,
        size=NodeSize(cpu=0.5, memory=2**30, gpu=0),
    ),
    PoolPlan(
        id="p-3f2a",
        image="i@sha256:0",
        min_nodes=0,
        max_nodes=2,
        size=NodeSize(cpu=8, memory=16 * 2**30, gpu=1),
    ),
]


def config(pools=POOLS):
    return autoscaler_config("cluster-1", pools=pools, idle_timeout=timedelta(seconds=30))


def test_the_configuration_is_the_committed_one():
    assert config() == json.loads(GOLDEN.read_text())


def test_ray_accepts_it_and_reads_the_pools_as_meant():
    read = AutoscalingConfig(config(), skip_content_hash=True)

    pools = read.get_node_type_configs()
    assert {
        name: (pool.min_worker_nodes, pool.max_worker_nodes) for name, pool in pools.items()
    } == {"head": (0, 1), "default": (1, 4), "p-3f2a": (0, 2)}
    assert pools["p-3f2a"].resources == {"CPU": 8, "memory": 16 * 2**30, "GPU": 1}
    assert pools["p-3f2a"].labels == {"orquestra.io/pool": "p-3f2a"}
    assert read.get_idle_timeout_s() == 30
    assert read.get_max_num_worker_nodes() == 6


def test_ray_accepts_a_cluster_without_pools():
    read = AutoscalingConfig(config(pools=[]), skip_content_hash=True)

    assert list(read.get_node_type_configs()) == ["head"]
