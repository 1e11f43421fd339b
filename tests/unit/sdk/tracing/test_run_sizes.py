import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import IgnoredFieldWarning, WorkflowSyntaxError
from orquestra.sdk.schema import api, ir
from orquestra.sdk.tracing.run_sizes import head_node_resources, node_resources


@sdk.task
def work(x=None):
    return x


def definition(*futures, **options):
    def build():
        return list(futures)

    return sdk.workflow(build, **options).model


def test_a_workflow_says_the_size_of_its_nodes():
    model = definition(work(), resources=sdk.Resources(cpu="4", memory="8Gi", gpu=1, nodes=2))

    assert node_resources(model) == api.RunResources(nodes=2, cpu="4", memory="8Gi", gpu="1")


def test_without_its_word_nodes_are_as_large_as_the_largest_task():
    model = definition(
        work().with_resources(cpu="900m", memory="1Gi"),
        work().with_resources(cpu="1", memory="512Mi"),
    )

    assert node_resources(model) == api.RunResources(cpu="1", memory="1Gi")


def test_a_workflow_that_asks_for_nothing_leaves_it_to_the_engine():
    assert node_resources(definition(work())) == api.RunResources()


@pytest.mark.parametrize(
    ("asked", "available", "message"),
    [
        ({"memory": "4Gi"}, {"memory": "2Gi"}, "memory='4Gi'.*memory='2Gi'"),
        ({"memory": "3Gi"}, {"cpu": "4"}, "memory='3Gi'.*memory='2Gi'"),
        ({"cpu": "3"}, {"nodes": 2}, "cpu='3'.*cpu='2'"),
        ({"gpu": 1}, {"cpu": "4"}, "gpu='1'.*gpu='0'"),
    ],
)
def test_a_task_that_fits_in_no_node_is_refused(asked, available, message):
    model = definition(work().with_resources(**asked), resources=sdk.Resources(**available))

    with pytest.raises(WorkflowSyntaxError, match=f"Task `work`.*{message}.*Ask for more"):
        node_resources(model)


def test_a_head_node_has_cpu_and_memory():
    model = definition(work(), head_node_resources=sdk.Resources(cpu="1", memory="2Gi"))

    assert head_node_resources(model) == api.HeadNodeResources(cpu="1", memory="2Gi")
    assert head_node_resources(definition(work())) is None


def test_what_a_head_node_cannot_have_is_said():
    model = definition(work()).model_copy(
        update={"data_aggregation": ir.DataAggregation(resources=ir.Resources(gpu="1", nodes=2))}
    )

    with pytest.warns(IgnoredFieldWarning, match="gpu, nodes") as warned:
        head_node_resources(model)

    assert warned[0].filename == __file__
