"""The commands that start Ray."""

import json
from pathlib import Path

import pytest

from orquestra.executor.ray_processes import (
    SMALLEST_STORE,
    head_command,
    head_environment,
    node_command,
    node_environment,
    store_size,
)
from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeSize, PoolId
from orquestra.sdk.schema.starts import Folders, HeadStart, NodeStart

GOLDEN = Path(__file__).parent / "golden" / "ray_commands.json"
GIB = 2**30

FOLDERS = Folders(exchange="/run/exchange", environments="/run/environments")
HEAD = HeadStart(
    cluster_id=ClusterId("cluster-1"),
    engine_socket="/run/orquestra/engine.sock",
    token="t",
    ray_token="r",
    size=NodeSize(cpu=1, memory=2 * GIB, gpu=0),
    folders=FOLDERS,
)
NODE = NodeStart(
    cluster_id=ClusterId("cluster-1"),
    node_id=NodeId("p-3f2a-1"),
    pool_id=PoolId("p-3f2a"),
    head_address="10.89.0.2:40123",
    ray_token="r",
    size=NodeSize(cpu=2.5, memory=4 * GIB, gpu=1),
    folders=FOLDERS,
)


def commands():
    """The commands without the interpreter, which is that of the image."""
    both = {}
    both["head"] = head_command(
        HEAD,
        host="10.89.0.2",
        port=40123,
        config=Path("/tmp/orq-1/autoscaler.json"),
        folder=Path("/tmp/orq-1"),
        shared_memory=8 * GIB,
    )
    both["node"] = node_command(NODE, folder=Path("/tmp/orq-2"), shared_memory=GIB)
    return {name: [*command[1:-1], json.loads(command[-1])] for name, command in both.items()}


def test_the_commands_are_the_committed_ones():
    assert commands() == json.loads(GOLDEN.read_text())


def test_a_node_says_to_ray_who_it_is_and_knows_no_key_of_the_engine():
    environment = node_environment(NODE)

    assert environment["RAY_CLOUD_INSTANCE_ID"] == "p-3f2a-1"
    assert environment["RAY_NODE_TYPE_NAME"] == "p-3f2a"
    assert environment["RAY_AUTH_TOKEN"] == "r"


def test_workers_find_what_the_cluster_shares():
    environment = node_environment(NODE)

    assert environment["ORQUESTRA_EXCHANGE"] == "/run/exchange"
    assert environment["ORQUESTRA_ENVIRONMENTS"] == "/run/environments"


def test_a_cluster_that_stays_on_this_machine_says_so_to_ray():
    node = NODE.model_copy(update={"loopback": True})

    command = node_command(node, folder=Path("/tmp/orq-2"), shared_memory=GIB)

    assert json.loads(command[-1])["loopback"]


def test_the_head_runs_the_new_autoscaler():
    environment = head_environment(HEAD)

    assert environment["RAY_CLOUD_INSTANCE_ID"] == "head"
    assert environment["RAY_enable_autoscaler_v2"] == "1"


@pytest.mark.parametrize(
    ("memory", "shared", "store"),
    [
        (10 * GIB, 8 * GIB, 3 * GIB),
        (10 * GIB, GIB, GIB),
        (10 * GIB, 64 * 2**20, SMALLEST_STORE),
    ],
)
def test_the_object_store_fits_into_shared_memory(memory, shared, store):
    assert store_size(memory, shared_memory=shared) == store
