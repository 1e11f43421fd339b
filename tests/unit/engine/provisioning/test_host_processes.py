"""Host processes where the disk does not do what it should; nothing is started here."""

import asyncio
import shutil
from datetime import timedelta

import pytest

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import host_processes
from orquestra.engine.provisioning.contract import HEAD, LaunchSpec, Phase
from orquestra.engine.provisioning.host_processes import HostProcesses
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId, NodeId, NodeSize, PoolId

CLUSTER = ClusterId("local-1")


@pytest.fixture
def processes(tmp_path):
    return HostProcesses(tmp_path, engine_id="e")


def spec(*, node: NodeId = HEAD, pool: PoolId | None = None, cpu: float = 1):
    return LaunchSpec(
        cluster_id=CLUSTER,
        node_id=node,
        pool_id=pool,
        image=HOST_IMAGE,
        command=("true",),
        environment={},
        size=NodeSize(cpu=cpu, memory=1, gpu=0),
    )


def test_a_launch_whose_record_cannot_be_written_says_where(processes, tmp_path):
    (tmp_path / CLUSTER).write_text("in the way")

    with pytest.raises(ProvisioningError, match=f"{tmp_path / CLUSTER}.* Free disk space"):
        asyncio.run(processes.launch(spec()))


def test_a_cancelled_launch_is_waited_for(processes, monkeypatch):
    started = []
    monkeypatch.setattr(host_processes, "_start", lambda record, _: started.append(record.handle))

    async def scenario():
        launch = asyncio.create_task(processes.launch(spec()))
        await asyncio.sleep(0)
        launch.cancel()
        await asyncio.gather(launch, return_exceptions=True)
        return list(started)

    assert len(asyncio.run(scenario())) == 1


def test_a_node_that_is_larger_than_the_machine_is_now_is_started(processes, monkeypatch):
    monkeypatch.setattr(host_processes, "_start", lambda *_: None)

    assert asyncio.run(processes.launch(spec(node=NodeId("n-1"), pool=PoolId("p"), cpu=10_000)))


def test_a_folder_that_stays_is_no_removed_network(processes, tmp_path, monkeypatch):
    (tmp_path / CLUSTER / "exchange").mkdir(parents=True)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)

    with pytest.raises(ProvisioningError, match="cannot be deleted"):
        asyncio.run(processes.remove_network(CLUSTER))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"engine_id": "e"}'])
@pytest.mark.parametrize("file", ["launch.json", "process.json", "exit.json"])
def test_a_record_that_cannot_be_read_can_be_removed(
    processes, tmp_path, monkeypatch, content, file, caplog
):
    monkeypatch.setattr(host_processes, "_start", lambda *_: None)

    async def scenario():
        await processes.launch(spec())
        (tmp_path / CLUSTER / HEAD / file).write_text(content)
        (seen,) = (await processes.inventory()).containers
        await processes.remove(seen.handle, timedelta(0))
        return seen, await processes.inventory()

    seen, after = asyncio.run(scenario())
    assert (seen.cluster_id, seen.node_id, seen.phase) == (CLUSTER, HEAD, Phase.CREATED)
    assert after.containers == ()
    assert file in caplog.text or file == "exit.json"
