import asyncio

import pytest

from orquestra.engine.errors import RunRefused
from orquestra.engine.images.admission import Admission, admit
from orquestra.engine.images.credentials import Logins
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.registry_client import RegistryClient
from orquestra.engine.images.sizes import RunDemand
from orquestra.engine.provisioning.contract import Capacity
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeSize
from tests.integration.engine.images.publishing import HandMadeImage, Publisher, orquestra_labels
from tests.unit.engine.images.definitions import Call, metadata, workflow

MACHINE = Capacity(size=NodeSize(cpu=8, memory=16 * 2**30, gpu=0), architecture="amd64")


def decide(definition: ir.WorkflowDef, *, registry: str) -> Admission:
    async def ask() -> Admission:
        async with RegistryClient(logins=Logins([])) as catalogue:
            return await admit(
                definition,
                demand=RunDemand(nodes=2),
                capacity=MACHINE,
                catalogue=catalogue,
                defaults=DefaultImages(
                    repository=f"{registry}/orquestra/orquestra-sdk-base",
                    sdk_version="2.0.0a1",
                    python_minor="3.11",
                ),
            )

    return asyncio.run(ask())


def test_a_run_is_admitted_by_what_the_registry_holds(publisher: Publisher) -> None:
    base = publisher.publish("orquestra/orquestra-sdk-base:2.0.0a1-py3.11", HandMadeImage())
    sklearn = publisher.publish("demo/sklearn:1", HandMadeImage(command=("bash",)))
    registry = publisher.address
    definition = workflow(
        Call(name="load"),
        Call(name="train", image=f"{registry}/demo/sklearn:1"),
        made_by=metadata(),
    )

    admission = decide(definition, registry=registry)

    assert admission.head_image == f"{registry}/orquestra/orquestra-sdk-base@{base}"
    assert [pool.pinned_image for pool in admission.pools] == [
        admission.head_image,
        f"{registry}/demo/sklearn@{sklearn}",
    ]
    assert len(admission.warnings) == 1


def test_a_run_is_refused_by_what_the_registry_lacks(publisher: Publisher) -> None:
    publisher.publish("orquestra/orquestra-sdk-base:2.0.0a1-py3.11", HandMadeImage())
    publisher.publish("demo/plain:1", HandMadeImage(labels={}))
    publisher.publish("demo/old:1", HandMadeImage(labels=orquestra_labels(ray="2.9.0")))
    publisher.publish("demo/arm:1", HandMadeImage(architecture="arm64"))
    registry = publisher.address
    names = ["plain:1", "old:1", "arm:1", "plain:2", "nothing:1"]
    calls = [
        Call(name=f"task_{number}", image=f"{registry}/demo/{name}")
        for number, name in enumerate(names)
    ]

    with pytest.raises(RunRefused) as refusal:
        decide(workflow(*calls, made_by=metadata()), registry=registry)

    found = [
        "has no label io.orquestra.sdk.version",
        "holds Ray 2.9.0",
        "is built for arm64",
        "has no tag 2, only 1",
        "has no repository demo/nothing",
    ]
    for number, sentence in enumerate(str(refusal.value).splitlines()):
        assert sentence.startswith(f"Task task_{number} cannot run in image {calls[number].image}")
        assert found[number] in sentence
