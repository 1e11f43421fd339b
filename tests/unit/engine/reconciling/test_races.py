"""What happens while an action is under way: users stop, nodes are let go, heads die, engines too.

The provisioner has a gate before its pulls and its launches, which a test opens when it likes.
"""

import asyncio
from datetime import timedelta

import pytest

from orquestra.engine.database.tables import Cluster, Run
from orquestra.engine.errors import ContainerEngineAway
from orquestra.engine.provisioning.contract import HEAD
from orquestra.engine.provisioning.testing import MemoryProvisioner, NodeExitsAtOnce
from orquestra.engine.reconciling.actions import FailNode, FailRun, ReplaceHead, RetireCluster
from orquestra.engine.reconciling.loop import Reconciler
from orquestra.engine.reconciling.performing import Performer
from orquestra.sdk.schema.cluster import NodeJoined
from tests.unit.engine.conftest import AT, invocation_of
from tests.unit.engine.conftest import started as run_started

pytestmark = pytest.mark.anyio

PATIENCE = 10
"""Seconds after which a test has failed that waits for what must come."""


class GatedProvisioner(MemoryProvisioner):
    """Waits before it pulls and before it launches nodes, while the gates are closed."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.pulls, self.launches = asyncio.Event(), asyncio.Event()
        self.pulls.set()
        self.launches.set()
        self.away = False
        self.launched = []
        self.held = 0

    async def pull(self, image):
        await self._pass(self.pulls)
        await super().pull(image)

    async def launch(self, spec):
        if self.away:
            raise ContainerEngineAway("it does not answer")
        if spec.pool_id:
            self.launched.append(spec.node_id)
            await self._pass(self.launches)
        return await super().launch(spec)

    async def _pass(self, gate):
        self.held += 1
        try:
            await gate.wait()
        finally:
            self.held -= 1


@pytest.fixture
def provisioner():
    return GatedProvisioner()


async def rounds(reconciler, number=3, *, held=frozenset()):
    """A few rounds, with all that they begin, but not the end of what is held."""
    async with asyncio.timeout(PATIENCE):
        for _ in range(number):
            await reconciler.step()
            while going_on := under_way(reconciler) - held:
                await asyncio.wait(going_on)


async def come_to_gate(reconciler, provisioner):
    """A round until what it begins is held at a closed gate; the actions that are, or will be."""
    await reconciler.step()
    while not provisioner.held:
        assert under_way(reconciler)
        await asyncio.sleep(0)
    return under_way(reconciler)


async def come_behind(reconciler):
    """A round until what it begins waits for what is held."""
    await reconciler.step()
    await asyncio.sleep(0)


def under_way(reconciler):
    return frozenset(reconciler._busy.values())


@pytest.fixture
async def started(submit, head_of, reconciler, definition):
    """A run with a working head, and the pool of its task `solve`."""
    run_id = await submit()
    await reconciler.step()
    await reconciler.settle()
    head = head_of(run_id)
    await head.begin()
    await head.tell(1, [run_started(run_id)])
    plan = await head.plan()
    solve = invocation_of(definition, "solve")
    pool = next(pool for pool, names in plan.invocations.items() if solve in names)
    return run_id, head, pool


def node_containers(provisioner):
    return [spec for spec in provisioner.specs() if spec.pool_id]


async def state_of(user, run_id):
    return (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]["status"]


@pytest.mark.parametrize("gate", ["pulls", "launches"])
async def test_nodes_let_go_before_they_exist_keep_their_place_until_they_cannot_come(
    started, provisioner, reconciler, gate
):
    _, head, pool = started
    getattr(provisioner, gate).clear()
    nodes = (await head.want(pool, 2)).json()
    held = await come_to_gate(reconciler, provisioner)

    for node in nodes:
        await head.call("DELETE", f"nodes/{node['id']}")
    await rounds(reconciler, held=held)
    more = (await head.want(pool, 2, request="r-2")).json()
    getattr(provisioner, gate).set()
    await rounds(reconciler)
    later = (await head.want(pool, 2, request="r-3")).json()
    await rounds(reconciler)

    assert more == []
    assert len(later) == 2
    assert {spec.node_id for spec in node_containers(provisioner)} == {node["id"] for node in later}


@pytest.mark.parametrize("gate", ["pulls", "launches"])
async def test_a_run_stopped_while_a_node_is_on_its_way_leaves_nothing(
    started, provisioner, reconciler, user, gate
):
    run_id, head, pool = started
    getattr(provisioner, gate).clear()
    await head.want(pool, 2)
    held = await come_to_gate(reconciler, provisioner)

    await user.post(f"/api/workflow-runs/{run_id}/terminate?force=True")
    if gate == "pulls":
        await rounds(reconciler, held=held)
    else:
        await come_behind(reconciler)
    getattr(provisioner, gate).set()
    await rounds(reconciler)

    assert (await state_of(user, run_id))["state"] == "KILLED"
    assert provisioner.specs() == []
    if gate == "pulls":
        assert provisioner.launched == []
    assert (await provisioner.inventory()).networks == frozenset()


async def test_a_head_lost_while_a_node_is_on_its_way_does_not_fail_the_run(
    started, provisioner, reconciler, user
):
    run_id, head, pool = started
    provisioner.launches.clear()
    await head.want(pool, 1)
    await come_to_gate(reconciler, provisioner)

    provisioner.end(provisioner.handle_of(run_id, HEAD), exit_code=1)
    await come_behind(reconciler)
    provisioner.launches.set()
    await rounds(reconciler, 5)

    assert (await state_of(user, run_id))["state"] == "RUNNING"
    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]


async def test_a_node_that_joins_at_the_last_moment_is_no_reason_to_fail(
    started, reconciler, services, user
):
    run_id, head, pool = started
    (node,) = (await head.want(pool, 1)).json()
    await rounds(reconciler)
    too_late = FailNode(
        cluster_id=run_id, reason="It did not join", node_id=node["id"], handle=None
    )

    await head.tell(2, [NodeJoined(at=AT, node_id=node["id"])])
    await Performer(services).perform(too_late)

    assert (await state_of(user, run_id))["state"] == "RUNNING"


async def test_a_head_that_begins_at_the_last_moment_is_no_reason_to_fail(started, services, user):
    run_id, _, _ = started
    too_late = FailRun(
        cluster_id=run_id, run_id=run_id, reason="It did not begin", unless_begun=True
    )

    await Performer(services).perform(too_late)

    assert (await state_of(user, run_id))["state"] == "RUNNING"


async def test_a_head_is_not_replaced_twice_for_one_loss(started, services, provisioner):
    run_id, _, _ = started
    again = ReplaceHead(cluster_id=run_id, reason="It was lost", handle=None, launches=0)
    before = (await provisioner.inventory()).containers

    await Performer(services).perform(again)

    assert (await provisioner.inventory()).containers == before


async def test_a_cluster_that_is_over_does_not_wait_for_the_image_of_its_head(
    submit, services, provisioner, reconciler
):
    run_id = await submit()
    provisioner.pulls.clear()
    await reconciler.step()
    while not reconciler._performer.pulls_head_of(run_id):
        assert under_way(reconciler)
        await asyncio.sleep(0)

    async with services.database.writing() as session:
        cluster = await session.get_one(Cluster, run_id)
        (await session.get_one(Run, run_id)).executing = False
        cluster.retired = True
    await rounds(reconciler)

    async with services.database.reading() as session:
        assert (await session.get_one(Cluster, run_id)).released


async def test_a_container_engine_that_is_away_for_a_moment_fails_nothing(
    submit, provisioner, reconciler, user, monkeypatch
):
    monkeypatch.setattr("orquestra.engine.reconciling.loop._AFTER_TROUBLE", timedelta(0))
    run_id = await submit()
    provisioner.away = True
    await rounds(reconciler)
    assert (await state_of(user, run_id))["state"] == "WAITING"

    provisioner.away = False
    await rounds(reconciler)

    assert [spec.node_id for spec in provisioner.specs()] == [HEAD]


async def test_an_engine_that_comes_back_adopts_what_runs(
    started, provisioner, reconciler, services, user
):
    run_id, head, pool = started
    (node,) = (await head.want(pool, 1)).json()
    await rounds(reconciler)
    before = provisioner.specs()

    restarted = Reconciler(services)
    await rounds(restarted)
    await head.tell(2, [NodeJoined(at=AT, node_id=node["id"])])
    await rounds(restarted)

    assert provisioner.specs() == before
    assert (await state_of(user, run_id))["state"] == "RUNNING"


async def test_a_cluster_that_gets_a_run_at_the_last_moment_is_not_retired(
    started, services, user, reconciler
):
    run_id, _, _ = started
    too_late = RetireCluster(cluster_id=run_id, reason="Nobody needs it", broken=False)

    await Performer(services).perform(too_late)
    await rounds(reconciler)

    assert (await state_of(user, run_id))["state"] == "RUNNING"


async def test_containers_of_no_known_cluster_are_removed(started, provisioner, services, user):
    run_id, _, _ = started
    spec = provisioner.specs()[0]
    handle = await provisioner.launch(type(spec)(**{**vars(spec), "cluster_id": "gone-Ab1Cd-r000"}))
    assert handle

    await rounds(Reconciler(services))

    assert [found.cluster_id for found in provisioner.specs()] == [run_id]


class TestNodesThatDie:
    @pytest.fixture
    def provisioner(self):
        lines = ("\x1b[31mNo module named ray\x1b[0m", "")
        return GatedProvisioner(faults=[NodeExitsAtOnce(exit_code=2, lines=lines)])

    async def test_a_node_that_ends_at_once_fails_the_run_with_its_last_words(
        self, started, reconciler, user
    ):
        run_id, head, pool = started
        await head.want(pool, 1)

        await rounds(reconciler, 5)

        status = await state_of(user, run_id)
        assert status["state"] == "FAILED"
        assert "exit code 2" in status["message"]
        assert status["message"].endswith("\nNo module named ray")
