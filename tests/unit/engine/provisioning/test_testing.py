import asyncio
import doctest
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import conformance, testing
from orquestra.engine.provisioning.contract import HEAD, LaunchSpec, Phase
from orquestra.engine.provisioning.testing import (
    LaunchFails,
    MemoryMachine,
    MemoryProvisioner,
    NodeExitsAtOnce,
    NodeRunsOutOfMemory,
    Program,
    PullFails,
)
from orquestra.sdk.schema.cluster import ClusterId, NodeId, NodeSize, PoolId

IMAGE = "registry/image@sha256:0"


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_conforms_to_the_contract(check):
    machine = MemoryMachine()
    programs = {
        conformance.WRITES_AND_EXITS: Program(
            lines=conformance.LINES, exit_code=conformance.EXIT_CODE
        )
    }

    @asynccontextmanager
    async def opened(engine_id):
        yield MemoryProvisioner(engine_id=engine_id, machine=machine, programs=programs)

    asyncio.run(check(conformance.Subject(open=opened, image=IMAGE)))


def test_failing_pull_fails_for_its_image_only():
    provisioner = MemoryProvisioner(faults=[PullFails(reason="disk full", image=IMAGE)])

    asyncio.run(provisioner.pull("another"))

    with pytest.raises(ProvisioningError, match="disk full"):
        asyncio.run(provisioner.pull(IMAGE))


def test_failing_launch_spares_heads():
    provisioner = present(MemoryProvisioner(faults=[LaunchFails(reason="no addresses")]))

    asyncio.run(provisioner.launch(spec(HEAD, pool_id=None)))

    with pytest.raises(ProvisioningError, match="no addresses"):
        asyncio.run(provisioner.launch(spec("node-1")))


def test_node_that_exits_at_once_leaves_its_last_words():
    provisioner = present(MemoryProvisioner(faults=[NodeExitsAtOnce(lines=("bad wheel",))]))

    handle = asyncio.run(provisioner.launch(spec("node-1")))

    seen = observed(provisioner)
    assert (seen.phase, seen.exit_code) == (Phase.EXITED, 1)
    assert asyncio.run(provisioner.tail(handle, 5)) == ["bad wheel"]


def test_node_that_runs_out_of_memory_is_observed_so():
    provisioner = present(MemoryProvisioner(faults=[NodeRunsOutOfMemory()]))

    asyncio.run(provisioner.launch(spec("node-1")))

    assert observed(provisioner).out_of_memory


def test_container_can_be_ended_by_hand():
    provisioner = present(MemoryProvisioner())
    handle = asyncio.run(provisioner.launch(spec("node-1")))
    assert observed(provisioner).phase is Phase.RUNNING

    provisioner.end(handle, exit_code=7)

    assert observed(provisioner).exit_code == 7
    asyncio.run(provisioner.remove(handle, timedelta(0)))
    assert provisioner.specs() == []


def test_example_in_its_documentation_is_true():
    assert doctest.testmod(testing).failed == 0


def present(provisioner):
    asyncio.run(provisioner.pull(IMAGE))
    return provisioner


def observed(provisioner):
    (seen,) = asyncio.run(provisioner.inventory()).containers
    return seen


def spec(node_id, *, pool_id="pool-1"):
    return LaunchSpec(
        cluster_id=ClusterId("run"),
        node_id=NodeId(node_id),
        pool_id=PoolId(pool_id) if pool_id else None,
        image=IMAGE,
        command=("python",),
        environment={},
        size=NodeSize(cpu=1, memory=1024, gpu=0),
    )
