"""The local provisioner, with two fakes in the place of processes and containers."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from orquestra.engine.errors import ContainerEngineAway, ContainerEngineMissing
from orquestra.engine.provisioning import conformance
from orquestra.engine.provisioning.contract import (
    LaunchSpec,
)
from orquestra.engine.provisioning.local import LocalProvisioner, OptionalContainers
from orquestra.engine.provisioning.testing import MemoryMachine, MemoryProvisioner, Program
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId, NodeId, NodeSize, PoolId

IMAGE = "registry/image@sha256:0"
CLUSTER = ClusterId("local-1")
PROGRAMS = {
    conformance.WRITES_AND_EXITS: Program(lines=conformance.LINES, exit_code=conformance.EXIT_CODE)
}


class Containers(MemoryProvisioner):
    """Containers that answer, and launch, when the test says so."""

    def __init__(self, places, **options) -> None:
        super().__init__(**options)
        self._places = places

    async def launch(self, spec):
        self._require_answer()
        await self._places.launches.wait()
        return await super().launch(spec)

    async def inventory(self):
        self._require_answer()
        return await super().inventory()

    async def tail(self, handle, lines):
        self._require_answer()
        return await super().tail(handle, lines)

    async def remove(self, handle, grace):
        self._require_answer()
        await super().remove(handle, grace)

    async def remove_network(self, cluster_id):
        self._require_answer()
        await super().remove_network(cluster_id)

    def _require_answer(self):
        if not self._places.answers:
            raise ContainerEngineAway("Docker was stopped.")


class Places:
    """What an engine finds on its machine, and how often it looked for containers."""

    def __init__(self, trace) -> None:
        self.trace = trace
        self.host = MemoryMachine(images={HOST_IMAGE})
        # Handles are unique on a real machine.
        self.containers = MemoryMachine(numbers=iter(range(1000, 2000)))
        self.has_engine = True
        self.answers = True
        self.looked = 0
        self.launches = asyncio.Event()
        self.launches.set()

    @asynccontextmanager
    async def provisioner(self, engine_id="engine"):
        @asynccontextmanager
        async def opening():
            self.looked += 1
            if not self.has_engine:
                raise ContainerEngineMissing("Found neither Docker nor podman.")
            yield Containers(self, engine_id=engine_id, machine=self.containers, programs=PROGRAMS)

        host = MemoryProvisioner(engine_id=engine_id, machine=self.host, programs=PROGRAMS)
        async with OptionalContainers(opening, trace=self.trace) as containers:
            yield LocalProvisioner(host, containers)


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / "containers")


@pytest.mark.parametrize("image", [HOST_IMAGE, IMAGE])
@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_conforms_to_the_contract(check, image, places):
    asyncio.run(check(conformance.Subject(open=places.provisioner, image=image)))


def test_processes_need_no_container_engine(places):
    places.has_engine = False

    async def scenario():
        async with places.provisioner() as provisioner:
            await provisioner.pull(HOST_IMAGE)
            await provisioner.launch(spec(HOST_IMAGE))
            return await provisioner.inventory()

    assert len(asyncio.run(scenario()).containers) == 1
    assert places.looked == 0


def test_an_image_without_a_container_engine_is_refused_and_looked_for_again(places):
    places.has_engine = False

    async def scenario():
        async with places.provisioner() as provisioner:
            with pytest.raises(ContainerEngineMissing):
                await provisioner.pull(IMAGE)
            places.has_engine = True
            await provisioner.pull(IMAGE)
            return await provisioner.launch(spec(IMAGE))

    assert asyncio.run(scenario())


def test_one_cluster_may_have_both(places):
    async def scenario():
        async with places.provisioner() as provisioner:
            await provisioner.pull(IMAGE)
            await provisioner.launch(spec(HOST_IMAGE, node="n-1"))
            await provisioner.launch(spec(IMAGE, node="n-2"))
            before = await provisioner.inventory()
            await provisioner.remove_network(CLUSTER)
            return before, await provisioner.inventory()

    before, after = asyncio.run(scenario())
    assert {seen.node_id for seen in before.containers} == {"n-1", "n-2"}
    assert before.networks == {CLUSTER}
    assert (after.containers, after.networks) == ((), frozenset())


def test_the_next_engine_finds_the_containers_of_one_that_was_killed(places):
    async def killed():
        async with places.provisioner() as provisioner:
            await provisioner.pull(IMAGE)
            await provisioner.launch(spec(IMAGE))

    async def successor():
        async with places.provisioner() as provisioner:
            (seen,) = (await provisioner.inventory()).containers
            await provisioner.remove(seen.handle, timedelta(0))
            await provisioner.inventory()

    async def after_that():
        async with places.provisioner() as provisioner:
            await provisioner.inventory()

    for engine in (killed, successor, after_that):
        asyncio.run(engine())
    assert places.containers.containers == {}
    assert places.looked == 2


def test_an_engine_starts_though_the_containers_of_an_earlier_one_are_out_of_sight(places):
    places.trace.touch()
    places.has_engine = False

    async def scenario():
        async with places.provisioner() as provisioner:
            return await provisioner.inventory()

    assert asyncio.run(scenario()).containers == ()


def test_no_trace_is_left_when_the_last_container_was_removed_before_the_end(places):
    async def scenario():
        async with places.provisioner() as provisioner:
            await provisioner.pull(IMAGE)
            await provisioner.launch(spec(IMAGE))
            await provisioner.inventory()
            during = places.trace.exists()
            await provisioner.remove_network(CLUSTER)
            return during

    assert asyncio.run(scenario())
    assert not places.trace.exists()


def test_the_trace_outlives_a_look_during_a_launch(places):
    async def scenario():
        async with places.provisioner() as provisioner:
            await provisioner.pull(IMAGE)
            places.launches.clear()
            launching = asyncio.create_task(provisioner.launch(spec(IMAGE)))
            await asyncio.sleep(0)
            looking = asyncio.create_task(provisioner.inventory())
            await asyncio.sleep(0)
            places.launches.set()
            await asyncio.gather(launching, looking)
            return places.trace.exists()

    assert asyncio.run(scenario())


class TestContainersThatDoNotAnswerAnyMore:
    """Docker was stopped: what runs on the host goes on, and can be taken away."""

    def test_are_as_they_were_seen_last(self, places):
        async def scenario():
            async with places.provisioner() as provisioner:
                await launch_both(provisioner)
                seen = await provisioner.inventory()
                places.answers = False
                await provisioner.launch(spec(HOST_IMAGE, node="n-3"))
                return seen, await provisioner.inventory()

        before, after = asyncio.run(scenario())
        assert set(after.containers) > set(before.containers)
        assert {seen.node_id for seen in after.containers} == {"n-1", "n-2", "n-3"}

    def test_say_nothing_and_their_end_is_made_up_for(self, places):
        async def scenario():
            async with places.provisioner() as provisioner:
                _, container = await launch_both(provisioner)
                places.answers = False
                tail = await provisioner.tail(container, 5)
                await provisioner.remove(container, timedelta(0))
                hidden = await provisioner.inventory()
                places.answers = True
                return tail, hidden, await provisioner.inventory()

        tail, hidden, seen_again = asyncio.run(scenario())
        assert tail == []
        assert {seen.node_id for seen in hidden.containers} == {"n-1"}
        assert {seen.node_id for seen in seen_again.containers} == {"n-1", "n-2"}

    def test_leave_a_trace_while_the_host_s_part_goes(self, places):
        async def scenario():
            async with places.provisioner() as provisioner:
                await launch_both(provisioner)
                places.answers = False
                await provisioner.remove_network(CLUSTER)

        asyncio.run(scenario())
        assert places.host.containers == {}
        assert places.containers.containers
        assert places.trace.exists()


async def launch_both(provisioner):
    """A process and a container of one cluster."""
    await provisioner.pull(IMAGE)
    process = await provisioner.launch(spec(HOST_IMAGE, node="n-1"))
    return process, await provisioner.launch(spec(IMAGE, node="n-2"))


def spec(image, *, node="n-1"):
    return LaunchSpec(
        cluster_id=CLUSTER,
        node_id=NodeId(node),
        pool_id=PoolId("p-1"),
        image=image,
        command=("true",),
        environment={},
        size=NodeSize(cpu=1, memory=2**30, gpu=0),
    )
