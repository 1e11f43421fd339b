import operator
import warnings

import pytest

from orquestra import sdk


@sdk.task
def work():
    return 1


@sdk.workflow
def whole():
    return work()


def on_its_own(future):
    future.with_resources(cpu="2")


def at_the_end_of_a_chain(future):
    # fmt: off
    (future.with_resources(cpu="2")
        .with_custom_image("x:1"))
    # fmt: on


def in_several_lines(future):
    future.with_invocation_meta(
        cpu="2",
        env_vars={"Größe": "1"},
    )


def of_a_workflow(_future):
    whole().with_resources(cpu="2")


def of_the_head_node(_future):
    whole().with_head_node_image(image="x:1")


def kept(future):
    new = future.with_resources(cpu="2")
    return new.with_custom_image("x:1").with_env_variables({})


def put_into_a_list(future):
    found = []
    found.append(future.with_resources(cpu="2"))
    found.extend(map(operator.methodcaller("with_custom_image", "x:1"), [future]))
    return found


def given_to_a_function(future):
    print(repr(future.with_resources(cpu="2")))


def without_source(future):
    exec("future.with_resources(cpu='2')", {"__name__": __name__}, {"future": future})


@pytest.mark.parametrize(
    ("use", "method"),
    [
        (on_its_own, "with_resources"),
        (at_the_end_of_a_chain, "with_custom_image"),
        (in_several_lines, "with_invocation_meta"),
        (of_a_workflow, "with_resources"),
        (of_the_head_node, "with_head_node_image"),
    ],
)
def test_a_change_that_nobody_keeps_is_told(use, method):
    with pytest.warns(UserWarning, match=f"This `{method}` has no effect") as warned:
        use(work())

    assert len(warned) == 1
    assert warned[0].filename == __file__


@pytest.mark.parametrize("use", [kept, put_into_a_list, given_to_a_function, without_source])
def test_a_change_that_is_kept_or_may_be_is_fine(use):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        use(work())
