import pytest

from orquestra.sdk.exceptions import InvalidTaskDefinitionError
from orquestra.sdk.tracing.resources import (
    NO_UPDATE,
    Resources,
    ResourcesUpdate,
    check_resources,
    gpu_count,
)


def test_resources_that_ask_for_nothing_are_empty():
    assert Resources().is_empty()
    assert not Resources(gpu="0").is_empty()


def test_an_update_changes_clears_and_keeps():
    old = Resources(cpu="1", memory="1Gi", gpu=1)

    assert ResourcesUpdate(cpu="2", gpu=None).apply(old) == Resources(cpu="2", memory="1Gi")
    assert repr(NO_UPDATE) == "NO_UPDATE"


@pytest.mark.parametrize(("gpu", "count"), [(None, 0), ("0", 0), ("1.0", 1), (2, 2)])
def test_gpus_are_counted(gpu, count):
    assert gpu_count(gpu) == count


@pytest.mark.parametrize(
    "resources",
    [
        Resources(),
        Resources(cpu="0.5", memory="100Mi", disk="1G", gpu="1.0", nodes=4),
        Resources(cpu="1500m", nodes=None)._replace(cpu="2000m"),
    ],
)
def test_possible_amounts_pass(resources):
    check_resources(resources, owner="Task `f`")


@pytest.mark.parametrize(
    ("resources", "what_to_do"),
    [
        (Resources(cpu="1.5"), 'ask for "1" or "2"'),
        (Resources(gpu="0.5"), "whole number"),
        (Resources(gpu="1000m", cpu="one"), "not a quantity"),
        (Resources(memory="10ki"), r"memory: '10ki' is not a quantity.*4Gi"),
        (Resources(disk="big"), "disk: 'big'"),
        (Resources(memory="-1Gi"), "zero or more"),
        (Resources(nodes=0), "At least one node"),
    ],
)
def test_impossible_amounts_are_refused_with_what_to_do(resources, what_to_do):
    with pytest.raises(InvalidTaskDefinitionError, match=f"Task `f` asks for .*{what_to_do}"):
        check_resources(resources, owner="Task `f`")
