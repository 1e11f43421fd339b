import pytest

from orquestra.engine.images.defaults import DefaultImages, names_default_image
from orquestra.sdk.schema import ir
from tests.unit.engine.images.definitions import Call, metadata, workflow

REPOSITORY = "127.0.0.1:5000/orquestra/orquestra-sdk-base"
DEFAULTS = DefaultImages(repository=REPOSITORY, sdk_version="2.3.1", python_minor="3.12")


@pytest.mark.parametrize(
    ("made_by", "tag"),
    [
        (metadata(sdk="2.0.0a1", python="3.11.7"), "2.0.0a1-py3.11"),
        (metadata(sdk="2.1.0", python="3.13.0"), "2.1.0-py3.13"),
        (metadata(sdk="1.1.0", python="3.11.7"), "2.3.1-py3.11"),
        (metadata(sdk="0.57.1", python="3.9.18"), "2.3.1-py3.9"),
        (None, "2.3.1-py3.12"),
    ],
)
def test_the_base_image_is_that_of_the_authors_sdk_and_python(
    made_by: ir.WorkflowMetadata | None, tag: str
) -> None:
    definition = workflow(Call(name="load"), made_by=made_by)

    assert str(DEFAULTS.image_for(definition, gpu=False)) == f"{REPOSITORY}:{tag}"


def test_a_task_with_a_gpu_gets_the_image_with_cuda() -> None:
    definition = workflow(Call(name="train"), made_by=metadata(sdk="2.0.0a1"))

    image = DEFAULTS.image_for(definition, gpu=True)

    assert str(image) == f"{REPOSITORY}:2.0.0a1-cuda-py3.11"


def test_a_build_from_source_takes_the_image_of_its_release() -> None:
    made_by = metadata().model_copy(
        update={"sdk_version": ir.Version.model_construct(original="2.0.0a1+g12ab.dirty")}
    )

    assert DEFAULTS.sdk_version_for(workflow(Call(name="load"), made_by=made_by)) == "2.0.0a1"


@pytest.mark.parametrize("text", ["2/../evil", "", "2.0.0@sha256"])
def test_a_version_that_is_none_counts_as_the_engines(text: str) -> None:
    made_by = metadata().model_copy(
        update={"sdk_version": ir.Version.model_construct(original=text)}
    )

    assert DEFAULTS.sdk_version_for(workflow(Call(name="load"), made_by=made_by)) == "2.3.1"


@pytest.mark.parametrize(
    "image",
    [
        None,
        "",
        ir.DEFAULT_IMAGE,
        ir.DEFAULT_CUDA_IMAGE,
        ir.DEFAULT_HEAD_NODE_IMAGE,
        "hub.nexus.orquestra.io/zapatacomputing/orquestra-sdk-base:0.61.0-cuda",
        "zapatacomputing/orquestra-default:v0.0.0",
        "zapatacomputing/orquestra-nvidia:v0.0.0",
    ],
)
def test_fixed_names_of_old_releases_mean_the_default_image(image: str | None) -> None:
    assert names_default_image(image)


def test_any_other_name_means_itself() -> None:
    assert not names_default_image("127.0.0.1:5000/demo/sklearn:1")
    assert not names_default_image("zapatacomputing/orquestra-default:v1.0.0")
