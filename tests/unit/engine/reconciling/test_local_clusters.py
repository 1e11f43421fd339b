"""The shared cluster of a local engine: heads that are lost, parking, kills in the middle."""

import asyncio
from datetime import timedelta

import pytest

from orquestra.engine.clusters import store
from orquestra.engine.database.tables import Cluster, ClusterPool, Run
from orquestra.engine.errors import ContainerEngineAway, ProvisioningError
from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.provisioning.contract import HEAD
from orquestra.engine.provisioning.testing import MemoryProvisioner
from orquestra.engine.reconciling import performing
from orquestra.engine.reconciling.actions import LaunchHead, ReleaseCluster
from orquestra.engine.reconciling.loop import Reconciler
from orquestra.engine.reconciling.parking import park_all, park_lost
from orquestra.engine.reconciling.performing import Performer
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT
from tests.unit.engine.reconciling.conftest import (
    begin_head,
    clusters_of,
    executing_run,
    go,
    run_of,
)

pytestmark = pytest.mark.anyio


class StubbornProvisioner(MemoryProvisioner):
    """Cannot list, or cannot remove what belongs to some clusters, while a test says so."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.away = False
        self.stays: set[str] = set()

    async def inventory(self):
        if self.away:
            raise ContainerEngineAway("it does not answer")
        return await super().inventory()

    async def remove_network(self, cluster_id):
        if cluster_id in self.stays:
            raise ProvisioningError("somebody holds it")
        await super().remove_network(cluster_id)


@pytest.fixture
def provisioner():
    return StubbornProvisioner()


@pytest.fixture
async def services(tmp_path, provisioner, monkeypatch):
    monkeypatch.setattr("orquestra.engine.images.host_environment.ray_version", lambda: "2.60.0")
    async with memory_engine(
        tmp_path,
        catalogue=MemoryCatalogue(),
        provisioner=provisioner,
        clock=lambda: AT,
        local=True,
        standby=1,
    ) as services:
        yield services


@pytest.fixture
async def cluster(services, reconciler):
    """The shared cluster, with a head."""
    await go(reconciler)
    (cluster,) = await clusters_of(services)
    return cluster


async def started_run(services, cluster, definition, *, name, minute):
    await executing_run(services, cluster, definition, name=name)
    async with services.database.writing() as session:
        (await session.get_one(Run, name)).started_at = AT + timedelta(minutes=minute)


async def test_a_run_that_ends_heads_does_not_take_another_one_along(
    services, reconciler, provisioner, definition, cluster
):
    await started_run(services, cluster, definition, name="bystander", minute=1)
    await started_run(services, cluster, definition, name="poison", minute=2)

    for _ in range(3):
        await begin_head(services, cluster)
        provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)
        await go(reconciler)

    poison, bystander = await run_of(services, "poison"), await run_of(services, "bystander")
    assert (poison.state, bystander.state) == (State.FAILED, State.RUNNING)
    assert bystander.executing
    assert bystander.heads_lost == 2
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]


async def test_a_launch_that_is_completed_after_a_kill_keeps_what_the_head_has_told(
    services, cluster, definition
):
    await executing_run(services, cluster, definition)
    async with services.database.writing() as session:
        row = await session.get_one(Cluster, cluster.id)
        row.head_launched_at = None  # the engine was killed before it could record the launch
    await begin_head(services, cluster)

    await Performer(services).perform(LaunchHead(cluster_id=cluster.id))

    (row,) = await clusters_of(services)
    assert row.head_launched_at == AT
    assert (row.head_began_at, row.head_address) == (AT, "10.0.0.2:6379")


async def test_a_lost_head_counts_once_though_the_engine_is_killed_before_the_next_one(
    services, reconciler, provisioner, definition, cluster, monkeypatch
):
    await executing_run(services, cluster, definition)
    provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)

    async def killed(*_):
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(performing.Performer, "_launch_head_now", killed)
        await go(reconciler, 1)
    await go(Reconciler(services))

    assert (await run_of(services)).heads_lost == 1
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]


async def test_a_folder_that_stays_does_not_keep_runs_from_another_head(
    services, reconciler, provisioner, definition, cluster, caplog
):
    await executing_run(services, cluster, definition)
    provisioner.stays = {cluster.id}
    provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)
    await go(reconciler)

    run = await run_of(services)
    assert (run.state, run.heads_lost) == (State.RUNNING, 1)
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]
    assert "somebody holds it" in caplog.text


async def test_folders_that_cannot_be_made_fail_the_run_with_the_reason(
    services, reconciler, provisioner, definition, cluster, monkeypatch
):
    await executing_run(services, cluster, definition)

    def full(_):
        raise OSError(28, "No space left on device", "/data/run")

    monkeypatch.setattr(performing, "make_folders", full)
    provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)
    await go(reconciler)

    message = (await run_of(services)).message
    assert "/data/run" in message
    assert "Free disk space" in message


async def test_logs_that_cannot_be_written_do_not_keep_a_cluster_alive(
    services, reconciler, provisioner, definition, cluster, monkeypatch, caplog
):
    await executing_run(services, cluster, definition)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(services.logs, "append", full)
    provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)
    await go(reconciler)

    assert (await run_of(services)).heads_lost == 1
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]
    assert "a log could not be written" in caplog.text


async def test_an_orphan_that_is_released_wakes_nobody(services):
    services.wake.ring()
    await services.wake.heard(within=timedelta(0))

    await Performer(services).perform(ReleaseCluster(cluster_id="gone", orphan=True))

    assert not services.wake._event.is_set()


async def test_host_nodes_get_what_the_machine_has_now(
    services, reconciler, provisioner, definition, cluster
):
    await executing_run(services, cluster, definition)
    async with services.database.writing() as session:
        (pool,) = await store.pools(session, cluster.id)
        pool.memory = 2**50  # what the machine had when the engine stopped
    provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)

    await go(reconciler)

    async with services.database.reading() as session:
        row = await session.get_one(ClusterPool, (cluster.id, pool.id))
    assert row.memory == (await provisioner.capacity()).size.memory


class TestParking:
    async def test_goes_on_after_a_cluster_that_stays(
        self, services, provisioner, definition, cluster, caplog
    ):
        await executing_run(services, cluster, definition)
        (head,) = provisioner.specs()
        for name in ("unknown", "other"):
            await provisioner.launch(type(head)(**{**vars(head), "cluster_id": name}))
        provisioner.stays = {cluster.id, "unknown"}

        await park_all(services)

        assert [spec.cluster_id for spec in provisioner.specs()] == []
        assert (await provisioner.inventory()).networks == {cluster.id, "unknown"}
        assert [row.head_launched_at for row in await clusters_of(services)] == [None]
        assert "somebody holds it" in caplog.text

    async def test_that_fails_at_a_start_leaves_the_rest_to_the_reconciler(
        self, services, provisioner, definition, cluster, caplog
    ):
        await executing_run(services, cluster, definition)

        async def stuck(*_):
            raise ProvisioningError("it does not end")

        provisioner.remove = stuck
        provisioner.end(provisioner.handle_of(cluster.id, HEAD))

        await park_lost(services)

        assert "it does not end" in caplog.text
        assert (await run_of(services)).executing

    async def test_without_a_listing_touches_nothing_at_a_start(
        self, services, provisioner, cluster
    ):
        provisioner.away = True

        await park_lost(services)

        assert [spec.node_id for spec in provisioner.specs()] == [HEAD]
        assert [row.head_launched_at for row in await clusters_of(services)] == [AT]

    async def test_forgets_a_cluster_that_never_had_a_run(self, services, cluster):
        await park_all(services)

        async with services.database.reading() as session:
            assert await store.get(session, cluster.id) is None
            assert await store.pools(session, cluster.id) == []
