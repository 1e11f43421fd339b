from dataclasses import replace

from orquestra.engine.images.admission import pool_id
from orquestra.engine.images.sizes import RunDemand
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeSize
from tests.unit.engine.images.admitting import (
    BASE,
    CUDA,
    GIB,
    GPU_MACHINE,
    GPU_NODES,
    ONE_GPU,
    REPOSITORY,
    SKLEARN,
    admission,
)
from tests.unit.engine.images.definitions import Call, metadata, workflow


def test_each_image_has_a_pool_and_each_invocation_is_in_one(catalogue: MemoryCatalogue) -> None:
    definition = workflow(
        Call(name="load"),
        Call(name="train", image=SKLEARN),
        Call(name="train", image=SKLEARN),
        made_by=metadata(),
    )

    admitted = admission(definition, catalogue=catalogue)

    default, sklearn = admitted.pools
    assert (default.image, sklearn.image) == (BASE, SKLEARN)
    digest = orquestra_image(content="sklearn").digest
    assert sklearn.pinned_image == f"127.0.0.1:5000/demo/sklearn@{digest}"
    assert sklearn.id == pool_id(digest, size=sklearn.size)
    assert sklearn.max_nodes == 4
    assert sklearn.size == RunDemand().size
    assert admitted.head_image == default.pinned_image
    assert list(admitted.pool_of_invocation.values()) == [default.id, sklearn.id, sklearn.id]
    assert admitted.warnings == ()


def test_each_image_is_asked_for_once(catalogue: MemoryCatalogue) -> None:
    definition = workflow(
        Call(name="load"), *[Call(name="train", image=SKLEARN)] * 50, made_by=metadata()
    )

    admission(definition, catalogue=catalogue)

    assert sorted(map(str, catalogue.asked)) == [SKLEARN, BASE]


def test_the_head_has_the_default_image_even_if_no_task_has(catalogue: MemoryCatalogue) -> None:
    admitted = admission(
        workflow(Call(name="train", image=SKLEARN), made_by=metadata()), catalogue=catalogue
    )

    assert [pool.image for pool in admitted.pools] == [SKLEARN]
    assert admitted.head_image.startswith(f"{REPOSITORY}@sha256:")


def test_two_names_of_one_image_share_a_pool(catalogue: MemoryCatalogue) -> None:
    other = "127.0.0.1:5000/demo/sklearn:latest"
    catalogue.put(other, orquestra_image(content="sklearn"))
    definition = workflow(
        Call(name="train", image=SKLEARN), Call(name="test", image=other), made_by=metadata()
    )

    [pool] = admission(definition, catalogue=catalogue).pools

    assert pool.image == SKLEARN


def test_nodes_of_one_image_and_different_sizes_are_different_pools() -> None:
    small, large = NodeSize(cpu=1, memory=GIB, gpu=0), NodeSize(cpu=2, memory=GIB, gpu=0)

    assert pool_id("sha256:0", size=small) == pool_id("sha256:0", size=small)
    assert pool_id("sha256:0", size=small) != pool_id("sha256:0", size=large)
    assert pool_id("sha256:0", size=small) != pool_id("sha256:1", size=small)


def test_only_tasks_with_a_gpu_get_cuda_and_nodes_with_gpus(catalogue: MemoryCatalogue) -> None:
    definition = workflow(
        Call(name="load", resources=ir.Resources(gpu="0"), image=ir.DEFAULT_CUDA_IMAGE),
        Call(name="train", resources=ONE_GPU, image=ir.DEFAULT_IMAGE),
        made_by=metadata(sdk="1.1.0"),
    )

    admitted = admission(definition, catalogue=catalogue, capacity=GPU_MACHINE, demand=GPU_NODES)

    assert [(pool.image, pool.size.gpu) for pool in admitted.pools] == [(BASE, 0), (CUDA, 1)]


def test_an_old_document_leaves_the_image_to_the_task(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="train", task_image=SKLEARN))

    [pool] = admission(definition, catalogue=catalogue).pools

    assert pool.image == SKLEARN


def test_what_an_image_would_start_is_warned_about(catalogue: MemoryCatalogue) -> None:
    image = orquestra_image(content="sklearn")
    catalogue.put(SKLEARN, replace(image, entrypoint=("/run", "me"), command=("now",), user=""))

    admitted = admission(
        workflow(Call(name="train", image=SKLEARN), made_by=metadata()), catalogue=catalogue
    )

    assert admitted.warnings == (
        (
            f'Image {SKLEARN} has ENTRYPOINT ["/run", "me"], which is not run: Orquestra starts '
            "its "
            "own command in the container."
        ),
        (
            f'Image {SKLEARN} has CMD ["now"], which is not run: Orquestra starts its own '
            "command in "
            "the container."
        ),
        (
            f"Image {SKLEARN} ends as user root, but its tasks run as orquestra (uid 1000); end "
            "its "
            "Dockerfile with the line USER orquestra."
        ),
    )


def test_gpus_that_no_task_asks_for_are_warned_about(catalogue: MemoryCatalogue) -> None:
    admitted = admission(
        workflow(Call(name="load"), made_by=metadata()), catalogue=catalogue, demand=GPU_NODES
    )

    [warning] = admitted.warnings
    assert "its nodes get none" in warning
