import pytest

from orquestra.engine.errors import (
    ImageMissing,
    ImageNotReadable,
    NotARegistry,
    RegistryUnreachable,
)
from orquestra.engine.images.admission import MAX_POOLS
from orquestra.engine.images.catalogue import ImageDescription
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
    refusal,
)
from tests.unit.engine.images.definitions import Call, metadata, workflow

PLAIN = ImageDescription(digest="sha256:" + "0" * 64, architectures=("amd64",))
SUBJECT = f"Task train cannot run in image {SKLEARN}: it "
FROM_BASE = f"build it from the line FROM {BASE} and push it again."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            ImageMissing("does not exist (demo/sklearn at 127.0.0.1:5000 has no tag 1, only 2)"),
            (
                f"{SUBJECT}does not exist (demo/sklearn at 127.0.0.1:5000 has no tag 1, only 2); "
                "push "
                f"it with docker push or podman push {SKLEARN}, or correct its name."
            ),
        ),
        (
            ImageNotReadable("is not readable because 127.0.0.1:5000 wants a login"),
            (
                f"{SUBJECT}is not readable because 127.0.0.1:5000 wants a login; make it public, "
                "or "
                "run docker login or podman login 127.0.0.1:5000 as the engine's user on the "
                "engine's "
                "machine; the name may also be wrong."
            ),
        ),
        (
            RegistryUnreachable("cannot be looked up because 127.0.0.1:5000 cannot be reached"),
            (
                f"{SUBJECT}cannot be looked up because 127.0.0.1:5000 cannot be reached; check the "
                "name and that the engine's machine reaches 127.0.0.1:5000."
            ),
        ),
        (
            NotARegistry("cannot be looked up because what answers there is no registry"),
            (
                f"{SUBJECT}cannot be looked up because what answers there is no registry; "
                "correct the "
                "host and port of the registry."
            ),
        ),
        (
            PLAIN,
            (
                f"{SUBJECT}has no label io.orquestra.sdk.version, but every node needs what a base "
                f"image of Orquestra holds; {FROM_BASE}"
            ),
        ),
        (
            orquestra_image(content="x", ray="2.59.0"),
            f"{SUBJECT}holds Ray 2.59.0, but the head of the run has Ray 2.60.0; {FROM_BASE}",
        ),
        (
            orquestra_image(content="x", python="3.12.3"),
            (
                f"{SUBJECT}holds Python 3.12.3, but the workflow was written with Python 3.11; "
                f"{FROM_BASE}"
            ),
        ),
        (
            orquestra_image(content="x", sdk="2.1.0"),
            f"{SUBJECT}holds SDK 2.1.0, but this engine runs SDK 2.x up to 2.0.0a1; {FROM_BASE}",
        ),
        (
            orquestra_image(content="x", architectures=("arm64",)),
            (
                f"{SUBJECT}is built for arm64, but nodes here are amd64; build it for "
                "linux/amd64, for "
                "example with docker build --platform linux/amd64, and push it again."
            ),
        ),
    ],
)
def test_an_image_that_cannot_be_used_is_refused_in_one_sentence(
    catalogue: MemoryCatalogue, answer: ImageDescription, sentence: str
) -> None:
    catalogue.put(SKLEARN, answer)
    definition = workflow(
        Call(name="load"), *[Call(name="train", image=SKLEARN)] * 3, made_by=metadata()
    )

    assert refusal(definition, catalogue=catalogue) == [sentence]


def test_a_name_that_is_none_is_refused(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="train", image="demo/Sklearn:1"), made_by=metadata())

    [sentence] = refusal(definition, catalogue=catalogue)

    assert sentence.startswith("Task train cannot run: 'demo/Sklearn:1' is not the name of")


def test_a_missing_default_image_is_the_administrators_to_publish() -> None:
    definition = workflow(Call(name="load"), Call(name="best"), made_by=metadata())

    [sentence] = refusal(definition, catalogue=MemoryCatalogue())

    assert sentence.startswith(
        f"The default image {BASE} cannot be used for the head of the run and tasks load and best: "
        "it does not exist"
    )
    assert sentence.endswith(
        "ask the engine's administrator to publish the base images to "
        f"{REPOSITORY}, with `make publish REPOSITORY={REPOSITORY}` in a checkout of Orquestra."
    )


def test_a_gpu_task_is_told_which_base_image_to_start_from(catalogue: MemoryCatalogue) -> None:
    catalogue.put(SKLEARN, PLAIN)
    definition = workflow(Call(name="train", image=SKLEARN, resources=ONE_GPU), made_by=metadata())

    [sentence] = refusal(definition, catalogue=catalogue, capacity=GPU_MACHINE, demand=GPU_NODES)

    assert f"FROM {CUDA} " in sentence


def test_all_reasons_are_given_at_once(catalogue: MemoryCatalogue) -> None:
    catalogue.put(SKLEARN, orquestra_image(content="x", ray="2.59.0", python="3.12.3"))
    definition = workflow(
        Call(name="a", image=SKLEARN),
        Call(name="b", image=SKLEARN),
        Call(name="c", image=SKLEARN, resources=ir.Resources(memory="64Gi")),
        Call(name="d", image=SKLEARN),
        Call(name="e", image=SKLEARN),
        Call(name="f", image="127.0.0.1:5000/demo/none:1"),
        made_by=metadata(),
    )

    memory, ray, python, missing = refusal(definition, catalogue=catalogue)

    assert memory.startswith("Task c asks for 64Gi of memory")
    assert ray.startswith("Tasks a, b, c and 2 more cannot run in image")
    assert "Python 3.12.3" in python
    assert missing.startswith("Task f cannot run in image 127.0.0.1:5000/demo/none:1")


@pytest.mark.parametrize(
    ("resources", "sentence"),
    [
        (
            ir.Resources(cpu="4"),
            (
                "Task train asks for 4 CPU, but a node of this run has 2; ask for less in the "
                "task, or "
                'for larger nodes with @sdk.workflow(resources=sdk.Resources(cpu="4")).'
            ),
        ),
        (
            ir.Resources(memory="3Gi"),
            (
                "Task train asks for 3Gi of memory, but a node of this run has 2Gi; ask for less "
                "in "
                "the task, or for larger nodes with "
                '@sdk.workflow(resources=sdk.Resources(memory="3Gi")).'
            ),
        ),
        (
            ir.Resources(cpu="1500m"),
            (
                "Task train asks for 1.5 CPU, but above 1 CPUs are given whole; ask for "
                'cpu="1" or cpu="2".'
            ),
        ),
        (
            ir.Resources(gpu="1"),
            (
                "Task train asks for 1 GPU, but this engine has none; run it on an engine with "
                "GPUs, call it as train(...).with_resources(gpu=None), or, to try it without any, "
                "set simulated_gpus under [nodes] in the engine's configuration."
            ),
        ),
        (
            ir.Resources(memory="lots"),
            (
                'Task train asks for memory="lots", which is no amount; write a number with a '
                "unit if "
                'needed, like "2", "500m" or "4Gi".'
            ),
        ),
    ],
)
def test_a_task_that_fits_in_no_node_is_refused_in_one_sentence(
    catalogue: MemoryCatalogue, resources: ir.Resources, sentence: str
) -> None:
    definition = workflow(
        *[Call(name="train", image=SKLEARN, resources=resources)] * 3, made_by=metadata()
    )

    assert refusal(definition, catalogue=catalogue) == [sentence]


def test_more_gpus_than_a_node_of_the_run_has_are_refused(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="train", resources=ONE_GPU), made_by=metadata())

    [sentence] = refusal(definition, catalogue=catalogue, capacity=GPU_MACHINE)

    assert sentence.startswith("Task train asks for 1 GPU, but a node of this run has 0;")
    assert 'sdk.Resources(gpu="1")' in sentence


def test_a_node_or_head_larger_than_the_machine_is_refused(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="load"), made_by=metadata())
    demand = RunDemand(
        size=NodeSize(cpu=9, memory=GIB, gpu=0), head=NodeSize(cpu=1, memory=17 * GIB, gpu=0)
    )

    assert refusal(definition, catalogue=catalogue, demand=demand) == [
        (
            "The head of this run would have 17Gi of memory, but a machine of this engine offers "
            "16Gi; "
            'ask for memory="16Gi" or less in @sdk.workflow(head_node_resources=...).'
        ),
        (
            "A node of this run would have 9 CPU, but a machine of this engine offers 8; ask for "
            'cpu="8" or less in @sdk.workflow(resources=...).'
        ),
    ]


def test_more_gpus_than_the_machine_has_are_refused(catalogue: MemoryCatalogue) -> None:
    definition = workflow(Call(name="train", resources=ONE_GPU), made_by=metadata())
    demand = RunDemand(size=NodeSize(cpu=2, memory=2 * GIB, gpu=3))

    [sentence] = refusal(definition, catalogue=catalogue, capacity=GPU_MACHINE, demand=demand)

    assert sentence.startswith("A node of this run would have 3 GPUs, but a machine of this")


def test_more_images_than_a_run_can_have_are_refused_without_asking(
    catalogue: MemoryCatalogue,
) -> None:
    images = [Call(name="f", image=f"demo/image:{number}") for number in range(MAX_POOLS + 1)]

    [sentence] = refusal(workflow(*images, made_by=metadata()), catalogue=catalogue)

    assert f"uses {MAX_POOLS + 1} different images" in sentence
    assert catalogue.asked == []


@pytest.mark.parametrize("version", ["2.1.0", "3.0.0"])
def test_a_workflow_of_a_newer_sdk_is_refused(catalogue: MemoryCatalogue, version: str) -> None:
    definition = workflow(Call(name="load"), made_by=metadata(sdk=version))

    [sentence] = refusal(definition, catalogue=catalogue)

    assert sentence == (
        f"Unsupported SDK version: {version}. Supported SDK versions: [2.0.0-a1]. "
        f"The workflow was made with orquestra-sdk {version}, but this engine has 2.0.0a1; upgrade "
        "the engine, or install orquestra-sdk==2.0.0a1 and submit it again."
    )
