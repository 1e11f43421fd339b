"""What the contract of a provisioner means, as checks that run against any implementation.

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_conforms(check): asyncio.run(check(subject))

Each check uses an engine id and a cluster of its own and leaves nothing behind.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning.contract import (
    HEAD,
    Handle,
    LaunchSpec,
    Observation,
    Phase,
    Provisioner,
)
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId, NodeId, NodeSize, PoolId

RUNS_ON = ("sleep", "600")
WRITES_AND_EXITS = ("sh", "-c", "echo one; echo two; echo three; exit 3")
"""Commands of the checks, for fakes that must be told what a command does."""
LINES = ("one", "two", "three")
EXIT_CODE = 3

_MEBIBYTE = 1024**2
_POOL = PoolId("pool-1")
_PATIENCE = timedelta(seconds=20)
_POLL = timedelta(milliseconds=20)
_AT_ONCE = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is checked: how to open a provisioner of an engine id, and an image to use.

    Two provisioners of one engine id must see the same containers, as before and after a crash.
    The image must have `sh` and `sleep`, and must be one that `pull` finds.
    """

    open: Callable[[str], AbstractAsyncContextManager[Provisioner]]
    image: str


class Stage:
    """A provisioner with a cluster to play with."""

    def __init__(self, provisioner: Provisioner, *, engine_id: str, image: str) -> None:
        self.provisioner = provisioner
        self.engine_id = engine_id
        self.image = image
        self.cluster_id = ClusterId(f"Check_{uuid.uuid4().hex[:8]}")

    def spec(
        self,
        node_id: str = "node-1",
        *,
        command: tuple[str, ...] = RUNS_ON,
        pool_id: PoolId | None = _POOL,
        size: NodeSize | None = None,
    ) -> LaunchSpec:
        """A small node of the cluster."""
        return LaunchSpec(
            cluster_id=self.cluster_id,
            node_id=NodeId(node_id),
            pool_id=pool_id,
            image=self.image,
            command=command,
            environment={},
            size=size or NodeSize(cpu=0.5, memory=64 * _MEBIBYTE, gpu=0),
        )

    async def launch(
        self, node_id: str = "node-1", *, command: tuple[str, ...] = RUNS_ON
    ) -> Handle:
        """Launch a node of the pool."""
        return await self.provisioner.launch(self.spec(node_id, command=command))

    async def observe(self, handle: Handle) -> Observation:
        """The one observation of a container that must exist."""
        inventory = await self.provisioner.inventory()
        (found,) = (seen for seen in inventory.containers if seen.handle == handle)
        return found

    async def until(self, handle: Handle, phase: Phase) -> Observation:
        """The observation once a phase is reached."""
        deadline = time.monotonic() + _PATIENCE.total_seconds()
        seen = await self.observe(handle)
        while seen.phase is not phase:
            assert time.monotonic() < deadline, f"{handle} is still {seen.phase}"
            await asyncio.sleep(_POLL.total_seconds())
            seen = await self.observe(handle)
        return seen


@asynccontextmanager
async def staged(subject: Subject) -> AsyncIterator[Stage]:
    """A stage with its image present; whatever is on it at the end is removed."""
    engine_id = f"check-{uuid.uuid4().hex[:8]}"
    async with subject.open(engine_id) as provisioner:
        await provisioner.pull(subject.image)
        stage = Stage(provisioner, engine_id=engine_id, image=subject.image)
        try:
            yield stage
        finally:
            await provisioner.remove_network(stage.cluster_id)


async def capacity_is_that_of_a_machine(subject: Subject) -> None:
    """A node can have something, and images have an architecture."""
    async with staged(subject) as stage:
        capacity = await stage.provisioner.capacity()
        assert capacity.size.cpu >= 1
        assert capacity.size.memory > _MEBIBYTE
        assert capacity.size.gpu >= 0
        assert capacity.architecture in ("amd64", "arm64")


async def parallel_pulls_of_one_image_succeed(subject: Subject) -> None:
    """Pulling again, and at once, is no error."""
    async with staged(subject) as stage:
        await asyncio.gather(*(stage.provisioner.pull(stage.image) for _ in range(5)))


async def launched_node_is_observed_with_its_labels(subject: Subject) -> None:
    """Cluster and node are known; nothing has ended."""
    async with staged(subject) as stage:
        seen = await stage.until(await stage.launch(), Phase.RUNNING)
        assert (seen.cluster_id, seen.node_id) == (stage.cluster_id, "node-1")
        assert (seen.exit_code, seen.out_of_memory) == (None, False)


async def head_has_no_pool(subject: Subject) -> None:
    """A head is launched without one, and observed under its name."""
    async with staged(subject) as stage:
        handle = await stage.provisioner.launch(stage.spec(HEAD, pool_id=None))
        assert (await stage.observe(handle)).node_id == HEAD


async def first_launch_makes_the_network_of_the_cluster(subject: Subject) -> None:
    """The inventory lists clusters that have a network."""
    async with staged(subject) as stage:
        assert (await stage.provisioner.inventory()).networks == frozenset()
        await stage.launch()
        assert (await stage.provisioner.inventory()).networks == {stage.cluster_id}


async def launching_again_gives_the_same_container(subject: Subject) -> None:
    """One after the other and at once."""
    async with staged(subject) as stage:
        first = await stage.launch()
        others = await asyncio.gather(*(stage.launch() for _ in range(3)))
        assert {first, *others} == {first}
        assert len((await stage.provisioner.inventory()).containers) == 1


async def parallel_launches_share_the_network(subject: Subject) -> None:
    """Nodes of one cluster may start at once, the first ones included."""
    async with staged(subject) as stage:
        handles = await asyncio.gather(*(stage.launch(f"node-{n}") for n in range(3)))
        inventory = await stage.provisioner.inventory()
        assert {seen.handle for seen in inventory.containers} == set(handles)
        assert inventory.networks == {stage.cluster_id}


async def node_of_an_absent_image_is_refused(subject: Subject) -> None:
    """Launching pulls nothing."""
    async with staged(subject) as stage:
        stage.image = f"localhost/orquestra-absent-{uuid.uuid4().hex}:1"
        await _refused(stage, stage.spec())


async def node_larger_than_the_machine_is_refused(subject: Subject) -> None:
    """By CPUs and by memory. A process has no limits that it could not be given."""
    if subject.image == HOST_IMAGE:
        return
    async with staged(subject) as stage:
        most = (await stage.provisioner.capacity()).size
        small = stage.spec().size
        for size in (
            NodeSize(cpu=most.cpu + 1, memory=small.memory, gpu=0),
            NodeSize(cpu=small.cpu, memory=most.memory + 1, gpu=0),
        ):
            await _refused(stage, stage.spec(size=size))


async def ended_node_is_observed_with_its_exit_code(subject: Subject) -> None:
    """Its exit code is known, and it was not for memory."""
    async with staged(subject) as stage:
        handle = await stage.launch(command=WRITES_AND_EXITS)
        seen = await stage.until(handle, Phase.EXITED)
        assert (seen.exit_code, seen.out_of_memory) == (EXIT_CODE, False)


async def tail_gives_the_last_lines_after_the_end(subject: Subject) -> None:
    """All of them where there are fewer."""
    async with staged(subject) as stage:
        handle = await stage.launch(command=WRITES_AND_EXITS)
        await stage.until(handle, Phase.EXITED)
        assert await stage.provisioner.tail(handle, 2) == list(LINES[-2:])
        assert await stage.provisioner.tail(handle, 100) == list(LINES)


async def removed_node_is_gone(subject: Subject) -> None:
    """Removing it again succeeds, its tail is empty, its network stays."""
    async with staged(subject) as stage:
        handle = await stage.launch()
        for _ in range(2):
            await stage.provisioner.remove(handle, _AT_ONCE)
        inventory = await stage.provisioner.inventory()
        assert inventory.containers == ()
        assert inventory.networks == {stage.cluster_id}
        assert await stage.provisioner.tail(handle, 10) == []


async def removed_network_takes_its_containers_along(subject: Subject) -> None:
    """Running and ended ones; removing it again succeeds."""
    async with staged(subject) as stage:
        await stage.launch("node-1")
        await stage.launch("node-2", command=WRITES_AND_EXITS)
        for _ in range(2):
            await stage.provisioner.remove_network(stage.cluster_id)
        inventory = await stage.provisioner.inventory()
        assert (inventory.containers, inventory.networks) == ((), frozenset())


async def next_provisioner_finds_everything(subject: Subject) -> None:
    """After a crash the same engine sees, is given and can remove what there was."""
    async with staged(subject) as stage:
        handle = await stage.launch()
        before = await stage.until(handle, Phase.RUNNING)
        async with subject.open(stage.engine_id) as successor:
            assert (await successor.inventory()).containers == (before,)
            assert await successor.launch(stage.spec()) == handle
            await successor.remove(handle, _AT_ONCE)
        assert (await stage.provisioner.inventory()).containers == ()


async def other_engines_are_left_alone(subject: Subject) -> None:
    """What carries another engine's label is neither seen, read nor removed."""
    async with staged(subject) as stage:
        handle = await stage.launch(command=WRITES_AND_EXITS)
        await stage.until(handle, Phase.EXITED)
        async with subject.open(f"{stage.engine_id}-other") as stranger:
            inventory = await stranger.inventory()
            assert (inventory.containers, inventory.networks) == ((), frozenset())
            assert await stranger.tail(handle, 10) == []
            await stranger.remove(handle, _AT_ONCE)
            await stranger.remove_network(stage.cluster_id)
        inventory = await stage.provisioner.inventory()
        assert len(inventory.containers) == 1
        assert inventory.networks == {stage.cluster_id}


async def _refused(stage: Stage, spec: LaunchSpec) -> None:
    try:
        await stage.provisioner.launch(spec)
    except ProvisioningError as error:
        assert str(error), "a refusal must say why"  # noqa: PT017 - runs without pytest too
    else:
        raise AssertionError(f"{spec} was launched")
    assert (await stage.provisioner.inventory()).containers == ()


CHECKS = (
    capacity_is_that_of_a_machine,
    parallel_pulls_of_one_image_succeed,
    launched_node_is_observed_with_its_labels,
    head_has_no_pool,
    first_launch_makes_the_network_of_the_cluster,
    launching_again_gives_the_same_container,
    parallel_launches_share_the_network,
    node_of_an_absent_image_is_refused,
    node_larger_than_the_machine_is_refused,
    ended_node_is_observed_with_its_exit_code,
    tail_gives_the_last_lines_after_the_end,
    removed_node_is_gone,
    removed_network_takes_its_containers_along,
    next_provisioner_finds_everything,
    other_engines_are_left_alone,
)
