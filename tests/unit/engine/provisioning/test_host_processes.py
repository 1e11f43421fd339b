"""Host processes where the disk does not do what it should; nothing is started here."""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import threading
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import host_processes
from orquestra.engine.provisioning.contract import HEAD, Inventory, LaunchSpec, Phase
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
        (tmp_path / CLUSTER / "nodes" / HEAD / file).write_text(content)
        (seen,) = (await processes.inventory()).containers
        await processes.remove(seen.handle, timedelta(0))
        return seen, await processes.inventory()

    seen, after = asyncio.run(scenario())
    assert (seen.cluster_id, seen.node_id, seen.phase) == (CLUSTER, HEAD, Phase.CREATED)
    assert after.containers == ()
    assert file in caplog.text or file == "exit.json"


def write_no_record(path):
    path.write_text("x")


def write_record_of_no_cluster(path):
    record = {"engine_id": "e", "handle": "h", "cluster_id": [], "node_id": "exchange"}
    path.write_text(json.dumps({**record, "pool_id": None}))


@pytest.mark.parametrize("put", [write_no_record, write_record_of_no_cluster, os.mkfifo])
def test_nothing_that_tasks_put_into_the_exchange_is_a_record(processes, tmp_path, put):
    exchange = tmp_path / CLUSTER / "exchange"
    exchange.mkdir(parents=True)
    put(exchange / "launch.json")

    seen = asyncio.run(processes.inventory())

    assert seen == Inventory(networks=frozenset({CLUSTER}))
    asyncio.run(processes.remove_network(CLUSTER))
    assert list(tmp_path.iterdir()) == []


def test_processes_do_not_get_the_key_of_secrets(processes, monkeypatch):
    environments = []

    def starting(_command, *, env, **_options):
        environments.append(env)
        raise OSError

    monkeypatch.setattr(host_processes.subprocess, "run", starting)
    monkeypatch.setenv("ORQUESTRA_SECRETS_KEY", "key")
    monkeypatch.setenv("PROXY", "kept")
    with pytest.raises(ProvisioningError):
        asyncio.run(processes.launch(spec()))

    (environment,) = environments
    assert environment["PROXY"] == "kept"
    assert "key" not in environment.values()


def test_no_file_is_read_while_the_engine_waits(processes, monkeypatch):
    readers = set()

    def noting(read):
        def noted(*arguments, **options):
            readers.add(threading.current_thread())
            return read(*arguments, **options)

        return noted

    for name in ("read_records", "belongs_to"):
        monkeypatch.setattr(host_processes, name, noting(getattr(host_processes, name)))
    monkeypatch.setattr(host_processes, "_start", lambda *_: None)

    async def scenario():
        handle = await processes.launch(spec())
        await processes.inventory()
        await processes.tail(handle, 1)
        await processes.remove(handle, timedelta(0))
        await processes.remove_network(CLUSTER)

    asyncio.run(scenario())
    assert readers
    assert threading.main_thread() not in readers


@pytest.fixture
def told(tmp_path_factory, monkeypatch):
    """Where launched processes are told to put temporary files; none is started."""
    told = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("t")))
    monkeypatch.setattr(subprocess, "run", lambda *_, env, **__: told.append(env["RAY_TMPDIR"]))
    return told


@pytest.fixture
def scratch(processes, told, monkeypatch):
    """Where a head has its temporary files."""
    monkeypatch.setattr(host_processes, "LONGEST_SCRATCH", 1000)
    asyncio.run(processes.launch(spec()))
    return Path(told[0])


def test_temporary_files_that_a_dead_launch_has_left_are_replaced(processes, scratch):
    (scratch / "left").touch()
    scratch.chmod(0o777)

    asyncio.run(processes.launch(spec()))

    assert list(scratch.iterdir()) == []
    assert scratch.stat().st_mode & 0o777 == 0o700


def test_temporary_files_have_a_path_that_is_short_enough_for_ray_and_go(tmp_path, told):
    processes = HostProcesses(tmp_path, engine_id=f"e-{uuid.uuid4()}")

    handle = asyncio.run(processes.launch(spec()))

    scratch = Path(told[0])
    assert scratch.parent == Path("/tmp")
    assert len(told[0]) <= 24
    asyncio.run(processes.remove(handle, timedelta(0)))
    assert not scratch.exists()


def test_a_folder_that_somebody_else_has_put_there_holds_no_temporary_files(
    processes, scratch, tmp_path
):
    scratch.rmdir()
    scratch.symlink_to(tmp_path)

    with pytest.raises(ProvisioningError, match=f"somebody has put {scratch} in the way"):
        asyncio.run(processes.launch(spec()))
