"""Run clusters that wait for runs: standbys, and the shared one of a local engine."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from orquestra.engine.clusters import store
from orquestra.engine.database.tables import Node, Run
from orquestra.engine.errors import ImageMissing
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.engine.provisioning.contract import HEAD
from orquestra.engine.provisioning.testing import MemoryProvisioner
from orquestra.engine.reconciling.actions import AddCluster, FailNode, LookUpImages
from orquestra.engine.reconciling.loop import Reconciler
from orquestra.engine.reconciling.parking import end_standbys, park_all, park_lost
from orquestra.engine.reconciling.performing import Performer
from orquestra.engine.reconciling.readiness import Readiness
from orquestra.engine.testing import memory_engine
from orquestra.sdk.schema.cluster import HOST_IMAGE, NodeState
from orquestra.sdk.schema.starts import HeadStart
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT
from tests.unit.engine.reconciling.conftest import (
    begin_head,
    clusters_of,
    executing_run,
    go,
    pool_of_run,
    run_of,
)

pytestmark = pytest.mark.anyio

BASE = "127.0.0.1:5000/orquestra/orquestra-sdk-base:2.0.0a1-py3.11"


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self):
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def catalogue():
    catalogue = MemoryCatalogue()
    catalogue.put(BASE, orquestra_image(content="base"))
    return catalogue


@pytest.fixture
def is_local():
    return False


@pytest.fixture
async def services(tmp_path, catalogue, provisioner, time, is_local, monkeypatch):
    monkeypatch.setattr("orquestra.engine.images.host_environment.ray_version", lambda: "2.60.0")
    async with memory_engine(
        tmp_path,
        catalogue=catalogue,
        provisioner=provisioner,
        clock=time,
        local=is_local,
        standby=1,
    ) as services:
        defaults = replace(services.default_images, on_host=is_local)
        yield replace(services, default_images=defaults)


async def node_of(services, cluster, *, pool):
    """A node that was launched and has not joined."""
    async with services.database.writing() as session:
        session.add(
            Node(
                cluster_id=cluster.id,
                id="n-1",
                pool_id=pool,
                request_id="r-1",
                tags={},
                state=NodeState.STARTING,
                requested_at=AT,
            )
        )


class TestStandby:
    async def test_has_a_head_and_wants_one_default_node(self, services, rounds, provisioner):
        await rounds()

        (cluster,) = await clusters_of(services)
        assert cluster.id.startswith("standby-")
        assert not cluster.shared
        assert [spec.node_id for spec in provisioner.specs()] == [HEAD]
        async with services.database.reading() as session:
            (pool,) = await store.pools(session, cluster.id)
        assert (pool.image, pool.min_nodes) == (BASE, 1)

    async def test_waits_quietly_for_an_image_that_is_not_published_yet(
        self, services, rounds, catalogue, time, caplog
    ):
        catalogue.put(BASE, ImageMissing("does not exist"))
        await rounds()
        asked = len(catalogue.asked)
        await rounds()
        assert await clusters_of(services) == []
        assert len(catalogue.asked) == asked == 1

        catalogue.put(BASE, orquestra_image(content="base"))
        time.pass_by(31)
        await rounds()

        assert len(await clusters_of(services)) == 1
        assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []

    async def test_that_dies_is_replaced_after_a_pause(self, services, rounds, provisioner, time):
        await rounds()
        (first,) = await clusters_of(services)
        provisioner.end(provisioner.handle_of(first.id, HEAD), exit_code=1)

        await rounds()
        assert await clusters_of(services) == []
        assert (await provisioner.inventory()).networks == frozenset()

        time.pass_by(31)
        await rounds()
        (second,) = await clusters_of(services)
        assert second.id != first.id

    async def test_that_dies_again_and_again_is_tried_less_often_and_told(
        self, services, time, caplog
    ):
        readiness = Readiness(services)

        async def until_the_next() -> int:
            began = time.now
            while AddCluster() not in readiness.actions([]):
                await readiness.look_up()
                time.pass_by(10)
            return (time.now - began).total_seconds()

        await readiness.look_up()
        pauses = []
        for _ in range(9):
            readiness.rest()
            pauses.append(await until_the_next())

        assert pauses == sorted(pauses)
        assert pauses[0] <= 40
        assert 3600 <= pauses[-1] == pauses[-2] <= 3640
        warned = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
        assert len(warned) == 7
        assert warned[0].startswith("3 run clusters")

    async def test_that_dies_leaves_no_record(self, services, rounds, provisioner):
        await rounds()
        (cluster,) = await clusters_of(services)
        provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)
        await rounds()

        async with services.database.reading() as session:
            assert await store.get(session, cluster.id) is None

    async def test_whose_images_cannot_be_looked_up_is_asked_for_once_a_while(
        self, services, catalogue, time, monkeypatch
    ):
        readiness = Readiness(services)

        async def surprise(*_, **__):
            raise RuntimeError("a bug")

        monkeypatch.setattr(catalogue, "describe", surprise)
        assert readiness.actions([]) == [LookUpImages()]
        with pytest.raises(RuntimeError):
            await readiness.look_up()

        assert readiness.actions([]) == []
        time.pass_by(31)
        assert readiness.actions([]) == [LookUpImages()]

    async def test_of_an_image_that_was_published_anew_is_replaced(
        self, services, rounds, catalogue, time
    ):
        await rounds()
        (first,) = await clusters_of(services)
        catalogue.put(BASE, orquestra_image(content="newer base"))

        time.pass_by(31)
        await rounds(6)

        (second,) = await clusters_of(services)
        assert second.head_image != first.head_image

    async def test_that_was_taken_is_joined_by_another_and_gone_after_its_run(
        self, services, rounds, definition
    ):
        await rounds()
        (taken,) = await clusters_of(services)
        await begin_head(services, taken)
        await executing_run(services, taken, definition)

        await rounds()
        assert len(await clusters_of(services)) == 2

        async with services.database.writing() as session:
            (await session.get_one(Run, "run-1")).executing = False
        await rounds()
        (left,) = await clusters_of(services)
        assert left.id != taken.id


class TestSharedCluster:
    @pytest.fixture
    def is_local(self):
        return True

    @pytest.fixture
    def provisioner(self):
        return MemoryProvisioner()

    async def test_is_there_once_and_all_of_it_stays_on_this_machine(
        self, services, rounds, provisioner
    ):
        await rounds(6)

        (cluster,) = await clusters_of(services)
        (head,) = provisioner.specs()
        start = HeadStart.model_validate_json(head.environment["ORQUESTRA_START"])
        folder = services.folder
        assert cluster.shared
        assert cluster.id.startswith("local-")
        assert (head.image, head.host_network, start.loopback) == (HOST_IMAGE, True, True)
        assert start.engine_socket == str(folder.cluster_socket)
        assert start.folders.exchange == str(folder.exchange(cluster.id))
        assert start.folders.environments == str(folder.environments)
        assert folder.exchange(cluster.id).stat().st_mode & 0o777 == 0o777

    async def test_loses_a_head_and_so_does_its_run(
        self, services, rounds, provisioner, definition
    ):
        await rounds()
        (cluster,) = await clusters_of(services)
        await executing_run(services, cluster, definition)

        for _ in range(2):
            provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)
            await rounds()
        assert (await run_of(services)).heads_lost == 2
        assert (await run_of(services)).executing
        provisioner.end(provisioner.handle_of(cluster.id, HEAD), exit_code=1)
        await rounds()

        run = await run_of(services)
        assert run.state is State.FAILED
        assert "so did the 2 before it" in run.message

    async def test_goes_on_without_the_runs_whose_nodes_cannot_start(
        self, services, rounds, provisioner, definition
    ):
        await rounds()
        (cluster,) = await clusters_of(services)
        for name, pool in (("run-1", "p-broken"), ("run-2", "p-well")):
            await executing_run(services, cluster, definition, name=name)
            await pool_of_run(services, cluster, name, pool=pool)
        failed = FailNode(cluster_id=cluster.id, node_id="n-1", reason="No wheel", handle=None)
        await node_of(services, cluster, pool="p-broken")

        await Performer(services).perform(failed)
        await rounds()

        assert (await run_of(services)).message == "No wheel."
        assert (await run_of(services, "run-2")).executing
        assert [spec.node_id for spec in provisioner.specs()] == [HEAD]

    async def test_is_replaced_where_its_node_cannot_start_though_nobody_uses_it(
        self, services, rounds, time
    ):
        await rounds()
        (cluster,) = await clusters_of(services)
        await pool_of_run(services, cluster, None, pool="p-broken")
        await node_of(services, cluster, pool="p-broken")
        failed = FailNode(cluster_id=cluster.id, node_id="n-1", reason="No wheel", handle=None)

        await Performer(services).perform(failed)
        await rounds()

        assert cluster.id not in [left.id for left in await clusters_of(services)]

    async def test_is_set_down_with_the_engine_and_its_runs_go_on_with_the_next(
        self, services, rounds, provisioner, definition
    ):
        await rounds()
        (cluster,) = await clusters_of(services)
        await executing_run(services, cluster, definition)

        await park_all(services)
        assert provisioner.specs() == []
        assert (await provisioner.inventory()).networks == frozenset()
        assert not services.folder.exchange(cluster.id).exists()
        successor = Reconciler(services)
        await park_lost(services)
        await go(successor)

        assert [spec.cluster_id for spec in provisioner.specs()] == [cluster.id]
        run = await run_of(services)
        assert (run.executing, run.heads_lost, run.state) == (True, 0, State.RUNNING)

    async def test_without_runs_is_gone_with_the_engine(self, services, rounds):
        await rounds()

        await park_all(services)

        assert await clusters_of(services) == []

    async def test_that_was_lost_with_a_killed_engine_is_no_lost_head(
        self, services, rounds, provisioner, definition
    ):
        await rounds()
        (cluster,) = await clusters_of(services)
        await executing_run(services, cluster, definition)
        provisioner.machine.containers.clear()  # the machine was started anew

        await park_lost(services)
        await rounds()

        assert [spec.node_id for spec in provisioner.specs()] == [HEAD]
        assert (await run_of(services)).heads_lost == 0

    async def test_that_still_runs_is_adopted_by_the_next_engine(
        self, services, rounds, provisioner
    ):
        await rounds()
        before = provisioner.specs()

        await park_lost(services)
        await rounds()

        assert provisioner.specs() == before


async def test_containers_see_the_folders_of_their_cluster(services, rounds, provisioner):
    await rounds()

    (head,) = provisioner.specs()
    mounts = {mount.target: mount for mount in head.mounts}
    start = HeadStart.model_validate_json(head.environment["ORQUESTRA_START"])
    exchange = mounts[start.folders.exchange]
    assert exchange.source == str(services.folder.exchange(head.cluster_id))
    assert not exchange.read_only
    assert not mounts[start.folders.environments].read_only
    assert mounts["/run/orquestra"].read_only
    assert not start.loopback
    assert not head.host_network


async def test_all_images_of_a_run_are_pulled_before_nodes_are_wanted(
    services, rounds, provisioner, submit, catalogue
):
    catalogue.put("registry.example.com/solver:1", orquestra_image(content="solver"))
    await submit()

    await rounds(2)

    assert any(
        image.startswith("registry.example.com/solver@") for image in provisioner.machine.images
    )


async def test_a_node_remembers_when_its_image_was_there(
    services, rounds, provisioner, submit, head_of, catalogue, definition
):
    catalogue.put("registry.example.com/solver:1", orquestra_image(content="solver"))
    run_id = await submit()
    await rounds()
    head = head_of(run_id)
    await head.begin()
    pool = next(iter((await head.plan()).invocations))
    (node,) = (await head.want(pool, 1)).json()

    await rounds()

    async with services.database.reading() as session:
        row = await session.get_one(Node, (run_id, node["id"]))
    assert row.pulled_at == AT
    assert row.launched_at == AT


async def test_an_engine_that_stops_takes_its_standby_along_and_leaves_what_executes(
    services, rounds, provisioner, definition
):
    await rounds()
    (taken,) = await clusters_of(services)
    await begin_head(services, taken)
    await executing_run(services, taken, definition)
    await rounds()
    waiting = [cluster.id for cluster in await clusters_of(services) if cluster.id != taken.id]

    await end_standbys(services)

    assert len(waiting) == 1
    assert {spec.cluster_id for spec in provisioner.specs()} == {taken.id}
    assert [cluster.id for cluster in await clusters_of(services)] == [taken.id]
