import pytest

from orquestra.engine.errors import RunRefused
from orquestra.engine.images.sizes import (
    DEFAULT_HEAD,
    RunDemand,
    TaskDemand,
    memory_text,
    run_demand,
    task_demand,
)
from orquestra.sdk.schema import api, ir
from orquestra.sdk.schema.cluster import NodeSize
from tests.unit.engine.images.definitions import Call, workflow

GIB = 2**30


def demand_of(
    request: api.RunResources | None = None,
    *,
    head: api.HeadNodeResources | None = None,
    definition: ir.WorkflowDef | None = None,
) -> RunDemand:
    body = api.CreateRun(
        workflow_definition_id="d",
        resources=request or api.RunResources(),
        head_node_resources=head,
    )
    return run_demand(body, definition=definition or workflow(Call(name="load")))


def test_a_run_that_asks_for_nothing_gets_the_documented_defaults() -> None:
    demand = demand_of()

    assert demand.nodes == 1
    assert demand.size == NodeSize(cpu=2, memory=2 * GIB, gpu=0)
    assert demand.head == DEFAULT_HEAD


def test_each_amount_comes_from_request_then_definition_then_default() -> None:
    definition = workflow(
        Call(name="load"),
        resources=ir.Resources(cpu="1", memory="1Gi", nodes=4),
        head=ir.Resources(memory="3Gi"),
    )

    demand = demand_of(
        api.RunResources(cpu="500m"), head=api.HeadNodeResources(cpu="2"), definition=definition
    )

    assert demand == RunDemand(
        nodes=4,
        size=NodeSize(cpu=0.5, memory=GIB, gpu=0),
        head=NodeSize(cpu=2, memory=3 * GIB, gpu=0),
    )


def test_a_head_has_no_gpu_even_if_asked_for() -> None:
    definition = workflow(Call(name="load"), head=ir.Resources(gpu="1"))

    assert demand_of(definition=definition).head.gpu == 0


@pytest.mark.parametrize(
    ("resources", "sentence"),
    [
        (api.RunResources(nodes=0), r"asks for 0 nodes of each image.*nodes=1 or more"),
        (api.RunResources(cpu="many"), r'cpu="many", which is no amount; write a number'),
        (api.RunResources(cpu="0"), r'cpu="0", which leaves nothing'),
        (api.RunResources(nodes=10**30), r"more nodes of each image than any engine has"),
        (api.RunResources(cpu="1e-400"), r'cpu="1E-400", which leaves nothing'),
        (api.RunResources(cpu="-1"), r'cpu="-1", which is no amount'),
        (api.RunResources(memory="1e999999999"), r"which is no amount"),
        (api.RunResources(gpu="1.5"), r'gpu="1.5", but GPUs are given whole'),
        (
            api.RunResources(memory="100Mi"),
            r'A node with memory="100Mi" is too small to run Ray; ask for memory="512Mi" or more',
        ),
        # "m" is a thousandth, also of a byte.
        (api.RunResources(memory="512m"), r'A node with memory="0" is too small'),
    ],
)
def test_an_amount_nothing_can_run_with_is_refused(
    resources: api.RunResources, sentence: str
) -> None:
    with pytest.raises(RunRefused, match=sentence):
        demand_of(resources)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(RunRefused) as refusal:
        demand_of(api.RunResources(nodes=-1, cpu="x"), head=api.HeadNodeResources(memory="512Mi"))

    assert len(str(refusal.value).splitlines()) == 3


@pytest.mark.parametrize("gpu", [None, "0", "0.0", 0])
def test_no_gpu_is_none_however_it_is_written(gpu: str | int | None) -> None:
    resources = ir.Resources.model_validate({"gpu": gpu})

    assert task_demand(resources).gpu == 0


def test_a_task_that_asks_for_zero_asks_for_nothing() -> None:
    assert task_demand(ir.Resources(cpu="0", memory="0")) == TaskDemand()
    assert task_demand(None) == TaskDemand()


@pytest.mark.parametrize(
    ("size", "text"), [(2 * GIB, "2Gi"), (1536 * 2**20, "1536Mi"), (1000, "1000")]
)
def test_memory_is_written_as_a_person_would(size: int, text: str) -> None:
    assert memory_text(size) == text
