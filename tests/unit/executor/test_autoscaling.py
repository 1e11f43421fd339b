"""The autoscaler's configuration, as committed and as Ray reads it."""

import json
from pathlib import Path

from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig

from orquestra.executor.autoscaling import autoscaler_config
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.cluster import NodeSize

GOLDEN = Path(__file__).parent / "golden" / "autoscaler.json"

POOLS = {
    "default": (4, NodeSize(cpu=0.5, memory=2**30, gpu=0)),
    "p-3f2a": (2, NodeSize(cpu=8, memory=16 * 2**30, gpu=1)),
}


def config():
    return autoscaler_config(PlanBuilder(pools=POOLS).build(idle_timeout_seconds=30))


def test_the_configuration_is_the_committed_one():
    assert config() == json.loads(GOLDEN.read_text())


def test_ray_accepts_it_and_reads_the_pools_as_meant():
    read = AutoscalingConfig(config(), skip_content_hash=True)

    pools = read.get_node_type_configs()
    assert {name: pool.max_worker_nodes for name, pool in pools.items()} == {
        "head": 1,
        "default": 4,
        "p-3f2a": 2,
    }
    assert pools["p-3f2a"].resources == {"CPU": 8, "memory": 16 * 2**30, "GPU": 1}
    assert pools["p-3f2a"].labels == {"orquestra.io/pool": "p-3f2a"}
    assert read.get_idle_timeout_s() == 30
    assert read.get_max_num_worker_nodes() == 6
