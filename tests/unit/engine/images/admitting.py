"""A machine, images and defaults, and what admission says there."""

import asyncio

import pytest

from orquestra.engine.errors import (
    RunRefused,
)
from orquestra.engine.images.admission import Admission, admit
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.sizes import RunDemand
from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.provisioning.contract import Capacity
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeSize

GIB = 2**30
REPOSITORY = "127.0.0.1:5000/orquestra/orquestra-sdk-base"
BASE = f"{REPOSITORY}:2.0.0a1-py3.11"
CUDA = f"{REPOSITORY}:2.0.0a1-cuda-py3.11"
SKLEARN = "127.0.0.1:5000/demo/sklearn:1"
DEFAULTS = DefaultImages(repository=REPOSITORY, sdk_version="2.0.0a1", python_minor="3.11")
MACHINE = Capacity(size=NodeSize(cpu=8, memory=16 * GIB, gpu=0), architecture="amd64")
GPU_MACHINE = Capacity(size=NodeSize(cpu=8, memory=16 * GIB, gpu=2), architecture="amd64")
GPU_NODES = RunDemand(size=NodeSize(cpu=2, memory=2 * GIB, gpu=1))
ONE_GPU = ir.Resources(gpu="1")


def admission(
    definition: ir.WorkflowDef,
    *,
    catalogue: MemoryCatalogue,
    demand: RunDemand | None = None,
    capacity: Capacity = MACHINE,
    defaults: DefaultImages = DEFAULTS,
) -> Admission:
    return asyncio.run(
        admit(
            definition,
            demand=demand or RunDemand(nodes=4),
            capacity=capacity,
            catalogue=catalogue,
            defaults=defaults,
        )
    )


def refusal(
    definition: ir.WorkflowDef,
    *,
    catalogue: MemoryCatalogue,
    demand: RunDemand | None = None,
    capacity: Capacity = MACHINE,
    defaults: DefaultImages = DEFAULTS,
) -> list[str]:
    with pytest.raises(RunRefused) as refused:
        admission(
            definition, catalogue=catalogue, demand=demand, capacity=capacity, defaults=defaults
        )
    return str(refused.value).splitlines()
