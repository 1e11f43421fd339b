import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from orquestra.engine.provisioning.container_arguments import container_arguments
from orquestra.engine.provisioning.contract import HEAD, LaunchSpec, Mount
from orquestra.engine.provisioning.limits import HostLimits
from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeSize, PoolId

GOLDEN = Path(__file__).parent / "golden"
"""`UPDATE_GOLDEN=1 pytest …` writes these files anew; read the difference before committing."""

CLUSTER = ClusterId("wf.fit_Diabetes.abc1234")
IMAGE = "127.0.0.1:5000/demo/sklearn@sha256:" + "0" * 64

HEAD_SPEC = LaunchSpec(
    cluster_id=CLUSTER,
    node_id=HEAD,
    pool_id=None,
    image=IMAGE,
    command=("python", "-m", "orquestra.executor", "head"),
    environment={"ORQUESTRA_START": "{}"},
    size=NodeSize(cpu=1, memory=2 * 1024**3, gpu=0),
    mounts=(Mount(source="/data/run/cluster", target="/run/orquestra"),),
    aliases=("config-service.config-service",),
)
NODE_SPEC = LaunchSpec(
    cluster_id=CLUSTER,
    node_id=NodeId("node-1"),
    pool_id=PoolId("pool-1"),
    image=IMAGE,
    command=("python", "-m", "orquestra.executor", "node"),
    environment={"ORQUESTRA_START": "{}"},
    size=NodeSize(cpu=0.25, memory=4 * 1024**3, gpu=1),
)
LOCAL_NODE_SPEC = replace(NODE_SPEC, host_network=True)


@pytest.mark.parametrize(
    ("name", "spec"), [("head", HEAD_SPEC), ("node", NODE_SPEC), ("local_node", LOCAL_NODE_SPEC)]
)
def test_arguments_are_the_committed_ones(name, spec):
    arguments = container_arguments(
        spec,
        engine_id="engine-1",
        limits=HostLimits(open_files=20_000, processes=32_768),
        limits_processes=True,
    )

    rendered = json.dumps(arguments, indent=2) + "\n"
    golden = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(rendered)
    assert rendered == golden.read_text()


def test_limits_that_the_container_engine_cannot_set_are_left_out():
    arguments = container_arguments(
        NODE_SPEC,
        engine_id="engine-1",
        limits=HostLimits(open_files=1024, processes=None),
        limits_processes=False,
    )

    assert [limit["Name"] for limit in arguments["ulimits"]] == ["nofile"]
    assert arguments["pids_limit"] is None
