"""Admission on the local runtime: tasks without an image run as processes of the machine."""

import asyncio
import sys

import pytest

from orquestra.engine.errors import ContainerEngineMissing
from orquestra.engine.images import host_environment
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.local_catalogue import LocalCatalogue
from orquestra.engine.images.sizes import RunDemand
from orquestra.engine.images.standby import standby_images
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import HOST_IMAGE, NodeSize
from tests.unit.engine.images.admitting import (
    BASE,
    DEFAULTS,
    GIB,
    GPU_MACHINE,
    MACHINE,
    ONE_GPU,
    REPOSITORY,
    SKLEARN,
    admission,
    refusal,
)
from tests.unit.engine.images.definitions import Call, metadata, workflow

LOCAL = DefaultImages.of_this_engine(REPOSITORY, on_host=True)
MINOR = sys.version_info.minor
MADE_HERE = metadata(python=f"3.{MINOR}.0")
SMALL = RunDemand(nodes=4, size=NodeSize(cpu=1, memory=GIB, gpu=0))


@pytest.fixture(autouse=True)
def ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_environment, "ray_version", lambda: "2.60.0")


def python(text: str) -> str:
    return text.replace("3.11", f"3.{MINOR}")


def test_tasks_without_an_image_share_the_whole_machine_and_ask_no_registry() -> None:
    catalogue = MemoryCatalogue()
    definition = workflow(
        Call(name="load"), Call(name="train", resources=ONE_GPU), made_by=MADE_HERE
    )

    admitted = admission(
        definition, catalogue=catalogue, demand=SMALL, capacity=GPU_MACHINE, defaults=LOCAL
    )

    [pool] = admitted.pools
    assert pool.pinned_image == admitted.head_image == HOST_IMAGE
    assert pool.size == GPU_MACHINE.size
    assert pool.max_nodes == 1
    assert set(admitted.pool_of_invocation.values()) == {pool.id}
    assert catalogue.asked == []


def test_nodes_of_a_custom_image_are_as_the_workflow_says() -> None:
    catalogue = MemoryCatalogue()
    catalogue.put(SKLEARN, orquestra_image(content="sklearn", python=f"3.{MINOR}.2"))
    definition = workflow(Call(name="load"), Call(name="train", image=SKLEARN), made_by=MADE_HERE)

    admitted = admission(definition, catalogue=catalogue, demand=SMALL, defaults=LOCAL)

    host, sklearn = admitted.pools
    assert host.pinned_image == HOST_IMAGE
    assert sklearn.image == SKLEARN
    assert (sklearn.size, sklearn.max_nodes) == (SMALL.size, 4)


def test_a_base_image_that_is_named_is_run_in_a_container() -> None:
    base = python(BASE)
    catalogue = MemoryCatalogue()
    catalogue.put(base, orquestra_image(content="base", python=f"3.{MINOR}.2"))
    definition = workflow(Call(name="load"), Call(name="train", image=base), made_by=MADE_HERE)

    admitted = admission(definition, catalogue=catalogue, defaults=LOCAL)

    assert [pool.image for pool in admitted.pools] == [HOST_IMAGE, base]


def test_an_author_with_another_python_is_told_where_to_start_the_runtime() -> None:
    definition = workflow(Call(name="load"), made_by=metadata(python="3.10.4"))

    [sentence] = refusal(definition, catalogue=MemoryCatalogue(), defaults=LOCAL)

    assert "was written with Python 3.10" in sentence
    assert "`orq up`" in sentence


def test_workflow_resources_beyond_the_machine_do_not_matter_without_a_container() -> None:
    definition = workflow(Call(name="load"), made_by=MADE_HERE)
    demand = RunDemand(size=NodeSize(cpu=99, memory=99 * GIB, gpu=9))

    admitted = admission(definition, catalogue=MemoryCatalogue(), demand=demand, defaults=LOCAL)

    assert admitted.pools[0].size == MACHINE.size


def test_workflow_resources_beyond_the_machine_are_refused_for_containers() -> None:
    catalogue = MemoryCatalogue()
    catalogue.put(SKLEARN, orquestra_image(content="sklearn", python=f"3.{MINOR}.2"))
    definition = workflow(Call(name="train", image=SKLEARN), made_by=MADE_HERE)
    demand = RunDemand(size=NodeSize(cpu=99, memory=GIB, gpu=0))

    [sentence] = refusal(definition, catalogue=catalogue, demand=demand, defaults=LOCAL)

    assert sentence.startswith("A node of this run would have 99 CPU")


def test_a_task_larger_than_the_machine_is_refused_without_advice_about_nodes() -> None:
    definition = workflow(Call(name="train", resources=ir.Resources(cpu="9")), made_by=MADE_HERE)

    assert refusal(definition, catalogue=MemoryCatalogue(), defaults=LOCAL) == [
        "Task train asks for 9 CPU, but this machine has 8; ask for less in the task."
    ]


def test_a_gpu_that_is_not_there_is_refused_with_the_ways_out() -> None:
    definition = workflow(Call(name="train", resources=ONE_GPU), made_by=MADE_HERE)

    [sentence] = refusal(definition, catalogue=MemoryCatalogue(), defaults=LOCAL)

    assert "this machine has none" in sentence
    assert "train(...).with_resources(gpu=None)" in sentence
    assert "`orq up --simulate-gpu 1`" in sentence


class Inspector:
    """Images that are present, by name."""

    def __init__(self, **images: str) -> None:
        self.images = images

    async def inspect_image(self, name):
        labels = orquestra_image(content="x", python=f"3.{MINOR}.2").labels
        config = {"Labels": dict(labels), "User": "orquestra", "Entrypoint": None}
        if name not in self.images:
            return None
        return {"Id": self.images[name], "Architecture": "amd64", "Config": config}


@pytest.mark.parametrize("present", ["docker.io/library/mine:1", "localhost/mine:1"])
def test_an_image_of_this_machine_is_taken_as_it_is(present: str) -> None:
    async def inspector() -> Inspector:
        return Inspector(**{present: "sha256:1234"})

    registries = MemoryCatalogue()
    catalogue = LocalCatalogue(inspector, registries=registries)
    definition = workflow(Call(name="train", image="mine:1"), made_by=MADE_HERE)

    [pool] = admission(definition, catalogue=catalogue, defaults=LOCAL).pools

    assert (pool.image, pool.pinned_image) == ("mine:1", "sha256:1234")
    assert registries.asked == []


def test_an_image_that_is_not_here_is_looked_up_at_its_registry() -> None:
    async def inspector() -> Inspector:
        return Inspector()

    registries = MemoryCatalogue()
    image = orquestra_image(content="sklearn", python=f"3.{MINOR}.2")
    registries.put(SKLEARN, image)
    catalogue = LocalCatalogue(inspector, registries=registries)
    definition = workflow(Call(name="train", image=SKLEARN), made_by=MADE_HERE)

    [pool] = admission(definition, catalogue=catalogue, defaults=LOCAL).pools

    assert pool.pinned_image.endswith(f"@{image.digest}")


def test_an_image_that_was_to_be_built_here_is_asked_of_no_registry() -> None:
    async def inspector() -> Inspector:
        return Inspector()

    registries = MemoryCatalogue()
    catalogue = LocalCatalogue(inspector, registries=registries)
    definition = workflow(Call(name="train", image="localhost/mine:1"), made_by=MADE_HERE)

    [sentence] = refusal(definition, catalogue=catalogue, defaults=LOCAL)

    assert "does not exist on this machine" in sentence
    assert "podman build -t localhost/mine:1" in sentence
    assert registries.asked == []


def test_an_image_without_a_container_engine_is_refused_with_what_to_install() -> None:
    async def inspector() -> Inspector:
        raise ContainerEngineMissing("Found neither Docker nor podman. Install one.")

    catalogue = LocalCatalogue(inspector, registries=MemoryCatalogue())
    definition = workflow(Call(name="train", image=SKLEARN), made_by=MADE_HERE)

    [sentence] = refusal(definition, catalogue=catalogue, defaults=LOCAL)

    assert sentence.startswith(f"Task train cannot run in image {SKLEARN}")
    assert sentence.endswith("Install one.")


def test_a_shared_cluster_has_the_pool_that_default_runs_get() -> None:
    images = asyncio.run(
        standby_images(capacity=MACHINE, catalogue=MemoryCatalogue(), defaults=LOCAL)
    )
    definition = workflow(Call(name="load"), made_by=MADE_HERE)

    admitted = admission(definition, catalogue=MemoryCatalogue(), defaults=LOCAL)

    assert images.head == admitted.head_image
    assert (images.pool,) == admitted.pools


def test_a_standby_has_the_pool_that_default_runs_get(catalogue: MemoryCatalogue) -> None:
    images = asyncio.run(standby_images(capacity=MACHINE, catalogue=catalogue, defaults=DEFAULTS))
    definition = workflow(Call(name="load"), made_by=metadata())

    admitted = admission(definition, catalogue=catalogue, demand=RunDemand())

    assert images.head == admitted.head_image
    assert (images.pool,) == admitted.pools
