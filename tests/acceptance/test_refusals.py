"""What can never run is refused at submission: by name, with the reason and the way out."""

import dataclasses

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowRunNotStarted, WorkflowSyntaxError
from tests.integration.engine.images.publishing import (
    HandMadeImage,
    Publisher,
    orquestra_labels,
)
from tests.running_engine import REGISTRY

pytestmark = [pytest.mark.containers, pytest.mark.timeout(120)]


@sdk.task
def solve():
    return 1


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def solving(image=None, resources=None):
    wanted = solve().with_custom_image(image)
    return wanted.with_resources(**resources) if resources else wanted


@pytest.fixture(scope="module")
def publisher(engine):
    publisher = Publisher(REGISTRY)
    yield publisher
    publisher.close()


@pytest.fixture
def refusal(config):
    """Submits a workflow that is refused and gives the reason."""

    def refused(**arguments) -> str:
        with pytest.raises(WorkflowRunNotStarted) as caught:
            solving(**arguments).run(config)
        return str(caught.value)

    return refused


@pytest.mark.parametrize(
    ("image", "found", "needed"),
    [
        (HandMadeImage(labels={}), "io.orquestra", "FROM "),
        (HandMadeImage(labels=orquestra_labels(ray="2.9.0")), "Ray 2.9.0", "Ray 2.60.0"),
        (HandMadeImage(labels=orquestra_labels(python="3.9.1")), "Python 3.9", "Python 3."),
        (HandMadeImage(labels=orquestra_labels(sdk="2.9.0")), "2.9.0", "FROM "),
        (HandMadeImage(architecture="s390x"), "s390x", "--platform"),
    ],
    ids=["no labels", "other Ray", "other Python", "newer SDK", "other architecture"],
)
def test_an_image_that_cannot_serve_is_refused(refusal, publisher, image, found, needed):
    publisher.publish("tests/unfit:1", dataclasses.replace(image))

    reason = refusal(image=f"{REGISTRY}/tests/unfit:1")

    assert "solve" in reason
    assert f"{REGISTRY}/tests/unfit:1" in reason
    assert found in reason
    assert needed in reason


@pytest.mark.parametrize(
    ("image", "advice"),
    [
        (f"{REGISTRY}/tests/never-pushed:1", "push"),
        ("127.0.0.1:9/tests/solver:1", "cannot be reached"),
        ("Not an image", "name"),
    ],
    ids=["missing", "unreachable", "no name"],
)
def test_an_image_that_cannot_be_had_is_refused(refusal, image, advice):
    reason = refusal(image=image)

    assert "solve" in reason
    assert image in reason
    assert advice in reason


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"gpu": "99"}, ["gpu='99'", "gpu='0'"]),
        ({"cpu": "64"}, ["cpu='64'", "cpu='1'"]),
        ({"memory": "3Ti"}, ["memory='3Ti'", "memory='1Gi'"]),
    ],
)
def test_a_task_that_fits_in_no_node_is_refused(engine, config, resources, said):
    definition = solving(resources=resources)

    with pytest.raises(WorkflowSyntaxError, match="solve") as caught:
        definition.run(config)

    for part in [*said, "sdk.Resources("]:
        assert part in str(caught.value)


def test_nodes_larger_than_the_machine_are_refused(config):
    definition = solving().with_resources(cpu="500", memory="90Ti")

    with pytest.raises(WorkflowRunNotStarted) as caught:
        definition.run(config)

    assert "500 CPU" in str(caught.value)
    assert "90Ti" in str(caught.value)
    assert str(caught.value).startswith("A node of this run")


def test_a_refusal_is_told_on_the_command_line_without_a_traceback(engine, tmp_path):
    (tmp_path / "flow.py").write_text(
        "import orquestra.sdk as sdk\n"
        "@sdk.task(custom_image='127.0.0.1:9/nothing:1')\n"
        "def solve(): ...\n"
        "@sdk.workflow\n"
        "def wf():\n"
        "    return solve()\n"
    )

    said = engine.orq("wf", "submit", "flow.py", "wf", "-c", "127", expect=9, cwd=tmp_path)

    assert "127.0.0.1:9/nothing:1" in said
    assert "Traceback" not in said
