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
from orquestra.sdk.schema.cluster import HeadStart, NodeId, NodeSize, NodeStart, PoolId
from orquestra.sdk.schema.workflow_run import WorkflowRunId

GOLDEN = Path(__file__).parent / "golden" / "ray_commands.json"
GIB = 2**30

HEAD = HeadStart(
    run_id=WorkflowRunId("run-1"),
    engine_socket="/run/orquestra/engine.sock",
    token="t",
    ray_token="r",
    size=NodeSize(cpu=1, memory=2 * GIB, gpu=0),
)
NODE = NodeStart(
    run_id=WorkflowRunId("run-1"),
    node_id=NodeId("p-3f2a-1"),
    pool_id=PoolId("p-3f2a"),
    head_host="head",
    ray_token="r",
    size=NodeSize(cpu=2.5, memory=4 * GIB, gpu=1),
)


def commands():
    """The commands without the interpreter, which is that of the image."""
    head = head_command(HEAD, config=Path("/tmp/autoscaler.json"), shared_memory=8 * GIB)
    node = node_command(NODE, folder=Path("/tmp/ray-p-3f2a-1"), shared_memory=GIB)
    return {"head": head[1:], "node": node[1:]}


def test_the_commands_are_the_committed_ones():
    assert commands() == json.loads(GOLDEN.read_text())


def test_a_node_says_to_ray_who_it_is_and_knows_no_key_of_the_engine():
    environment = node_environment(NODE)

    assert environment["RAY_CLOUD_INSTANCE_ID"] == "p-3f2a-1"
    assert environment["RAY_NODE_TYPE_NAME"] == "p-3f2a"
    assert environment["RAY_AUTH_TOKEN"] == "r"


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
