"""The image that a workflow names for its head."""

import platform

import pytest

from orquestra.engine.images import host_environment
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.testing import MemoryCatalogue, orquestra_image
from orquestra.sdk.schema import ir
from tests.unit.engine.images.admitting import BASE, REPOSITORY, SKLEARN, admission, refusal
from tests.unit.engine.images.definitions import Call, metadata, workflow

HEAD = "127.0.0.1:5000/demo/head:1"


@pytest.fixture
def catalogue(catalogue: MemoryCatalogue) -> MemoryCatalogue:
    catalogue.put(HEAD, orquestra_image(content="head"))
    return catalogue


def digest(content: str) -> str:
    return orquestra_image(content=content).digest


def test_the_head_gets_the_image_that_its_workflow_names(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="load"), made_by=metadata(head=HEAD))

    admitted = admission(definition, catalogue=catalogue)

    assert admitted.head_image == f"127.0.0.1:5000/demo/head@{digest('head')}"
    assert [pool.image for pool in admitted.pools] == [BASE]


def test_default_images_that_nothing_uses_are_not_asked_for(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="train", image=SKLEARN), made_by=metadata(head=HEAD))

    admission(definition, catalogue=catalogue)

    assert sorted(map(str, catalogue.asked)) == [HEAD, SKLEARN]


def test_head_and_tasks_may_share_an_image(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="train", image=HEAD), made_by=metadata(head=HEAD))

    admitted = admission(definition, catalogue=catalogue)

    [pool] = admitted.pools
    assert (pool.image, pool.pinned_image) == (HEAD, admitted.head_image)
    assert list(map(str, catalogue.asked)) == [HEAD]


@pytest.mark.parametrize("name", [None, "", ir.DEFAULT_HEAD_NODE_IMAGE])
def test_the_word_of_release_1_1_is_the_default_image(
    catalogue: MemoryCatalogue, name: str | None
) -> None:
    definition = workflow(Call(name="load"), made_by=metadata(head=name))

    admitted = admission(definition, catalogue=catalogue)

    assert admitted.head_image == f"{REPOSITORY}@{digest('base')}"


def test_an_image_that_cannot_be_a_head_is_refused_with_what_to_do(
    catalogue: MemoryCatalogue,
) -> None:
    catalogue.put(HEAD, orquestra_image(content="head", python="3.12.1"))
    definition = workflow(Call(name="load"), made_by=metadata(head=HEAD))

    [sentence] = refusal(definition, catalogue=catalogue)

    assert sentence == (
        f"The head of the run cannot run in image {HEAD}: it holds Python 3.12.1, but the "
        f"workflow was written with Python 3.11; build it from the line FROM {BASE} and push it "
        "again."
    )


def test_an_image_of_head_and_tasks_is_told_of_once(catalogue: MemoryCatalogue) -> None:
    missing = "127.0.0.1:5000/demo/head:2"
    definition = workflow(Call(name="train", image=missing), made_by=metadata(head=missing))

    [sentence] = refusal(definition, catalogue=catalogue)

    assert sentence.startswith(f"The head of the run and task train cannot run in image {missing}")


def test_nodes_need_the_ray_of_the_head(catalogue: MemoryCatalogue) -> None:
    catalogue.put(HEAD, orquestra_image(content="head", ray="2.1.0"))
    definition = workflow(Call(name="train", image=SKLEARN), made_by=metadata(head=HEAD))

    [sentence] = refusal(definition, catalogue=catalogue)

    assert "the head of the run has Ray 2.1.0" in sentence


def test_text_that_is_no_image_is_refused(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="load"), made_by=metadata(head="not an image"))

    [sentence] = refusal(definition, catalogue=catalogue)

    assert sentence.startswith("The head of the run cannot start: ")
    assert "not an image" in sentence


def test_the_local_runtime_says_that_it_starts_no_head_in_an_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_environment, "ray_version", lambda: "2.60.0")
    made_here = metadata(python=platform.python_version(), head=HEAD)
    local = DefaultImages.of_this_engine(REPOSITORY, on_host=True)
    catalogue = MemoryCatalogue()

    admitted = admission(
        workflow(Call(name="load"), made_by=made_here), catalogue=catalogue, defaults=local
    )

    [warning] = admitted.warnings
    assert warning == (
        f"The workflow names image {HEAD} for its head, which is not used: the head of the local "
        "runtime is a process of this machine."
    )
    assert catalogue.asked == []
