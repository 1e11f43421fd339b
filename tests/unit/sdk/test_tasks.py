import copy
import functools
import inspect
import pickle

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import (
    InvalidPlaceholderInCustomTaskNameError,
    UnknownPlaceholderInCustomNameWarning,
    WorkflowSyntaxError,
)


@sdk.task(resources=sdk.Resources(cpu="1", memory="1Gi"), env_vars={"A": "1"}, custom_image="i:1")
def pair(a, b=2):
    """Put two together."""
    return a, b


@sdk.task
def single(x):
    return x


def test_a_task_looks_like_its_function():
    assert pair.__name__ == "pair"
    assert pair.__doc__ == "Put two together."
    assert list(inspect.signature(pair).parameters) == ["a", "b"]
    assert pair.__wrapped__(1) == (1, 2)
    assert repr(pair) == "<task pair>"


def test_calling_a_task_gives_a_new_future_each_time_and_runs_nothing():
    @sdk.task
    def explode():
        raise AssertionError

    assert explode() is not explode()
    assert isinstance(explode(), sdk.ArtifactFuture)


def test_a_task_of_a_task_is_a_task_of_the_function():
    again = sdk.task(pair, custom_image="i:2")

    assert again.__wrapped__ is pair.__wrapped__
    assert again.options.custom_image == "i:2"
    assert pair.options.custom_image == "i:1"


@pytest.mark.parametrize("fn", [functools.partial(print), 5])
def test_only_functions_become_tasks(fn):
    with pytest.raises(TypeError, match="function"):
        sdk.task(fn)


def test_negative_retries_are_refused():
    with pytest.raises(ValueError, match="max_retries"):
        sdk.task(max_retries=-1)


def test_wrong_arguments_are_refused_where_they_are_given():
    with pytest.raises(
        WorkflowSyntaxError, match=r"(?s)test_tasks\.py:\d+: pair\(1, c=3\).*'c'.*\(a, b=2\)"
    ):
        pair(1, c=3)


def test_a_method_as_a_task_is_explained():
    class Model:
        @sdk.task
        def fit(self, data):
            return data

    with pytest.raises(WorkflowSyntaxError, match="Methods cannot be tasks"):
        Model().fit(data=1)


def test_metadata_makes_a_new_call_and_leaves_the_old_one():
    old = pair(1)

    new = old.with_resources(cpu="2", memory=None).with_custom_image("j:1")
    new = new.with_env_variables({"B": "2"})

    assert new.invocation.resources == sdk.Resources(cpu="2")
    assert new.invocation.custom_image == "j:1"
    assert new.invocation.env_vars == {"B": "2"}
    assert old.invocation.resources == sdk.Resources(cpu="1", memory="1Gi")
    assert old.invocation.custom_image == "i:1"
    assert old.invocation.env_vars == {"A": "1"}


def test_all_metadata_can_be_given_at_once_and_what_is_not_given_stays():
    new = pair(1).with_invocation_meta(gpu=1, env_vars=None).invocation

    assert new.resources == sdk.Resources(cpu="1", memory="1Gi", gpu=1)
    assert new.custom_image == "i:1"
    assert new.env_vars is None


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.with_resources(cpu="1"),
        lambda f: f.with_custom_image("x"),
        lambda f: f.with_env_variables({}),
        lambda f: f.with_invocation_meta(cpu="1"),
    ],
)
def test_metadata_of_one_output_is_refused(change):
    first, _ = pair(1)

    with pytest.raises(WorkflowSyntaxError, match=r"(?s)test_tasks\.py.*`pair`.*before"):
        change(first)


def test_several_outputs_can_be_indexed_and_unpacked():
    future = pair(1)

    first, second = future

    assert [first.output_index, second.output_index] == [0, 1]
    assert future[1].output_index == 1
    assert future[-1].output_index == 1
    assert future[0].invocation is future.invocation
    with pytest.raises(ValueError, match="too many values"):
        (first,) = future


@pytest.mark.parametrize("index", [2, -3])
def test_an_output_that_does_not_exist_is_an_index_error(index):
    with pytest.raises(IndexError, match="2 outputs"):
        pair(1)[index]


@pytest.mark.parametrize("index", [slice(0, 1), "k", 0.0])
def test_outputs_are_chosen_by_whole_numbers_only(index):
    with pytest.raises(TypeError, match="whole numbers"):
        pair(1)[index]


@pytest.mark.parametrize("take_apart", [lambda f: f[0], list, lambda f: [*f]])
@pytest.mark.parametrize("future", [single(1), pair(1)[0]], ids=["one value", "one output"])
def test_one_value_cannot_be_taken_apart(take_apart, future):
    with pytest.raises(TypeError, match=r"ask `(single|pair)`"):
        take_apart(future)


@pytest.mark.parametrize("use", [bool, lambda f: not f, lambda f: f and 1, lambda f: 1 if f else 2])
def test_a_future_is_no_condition(use):
    with pytest.raises(WorkflowSyntaxError, match=r"(?s)test_tasks\.py:\d+.*`single`.*into a task"):
        use(single(1))


@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_future_is_not_copied_or_pickled(use):
    with pytest.raises(NotImplementedError, match=r"`single`.*does not exist yet"):
        use(single(1))


@pytest.mark.parametrize("use", [len, lambda f: f + 1, lambda f: f < 1, int, lambda f: f()])
def test_nothing_is_computed_with_a_future(use):
    with pytest.raises(TypeError):
        use(single(1))


def test_futures_are_equal_to_themselves_only():
    future = single(1)

    assert future == future  # noqa: PLR0124 - the point
    assert future != single(1)
    assert len({future, future, single(1)}) == 2
    assert future in [single(1), future]
    assert f"{pair(1)[0]!r}" == "<future result of task pair[0]>"


@pytest.mark.parametrize(
    "use",
    [
        lambda f: f == 1,
        lambda f: f != "a",
        lambda f: f in [1, 2],
        lambda f: 1 in f,
        str,
        format,
        lambda f: f"{f}",
        lambda f: f"{f:>10}",
    ],
)
def test_a_future_is_not_taken_for_its_value(use):
    with pytest.raises(
        WorkflowSyntaxError, match=r"(?s)test_tasks\.py:\d+.*`pair`.*in a task|into"
    ):
        use(pair(1))


def test_a_custom_name_shows_the_arguments():
    @sdk.task(custom_name="{x!r} of {y:.1f} {rest}")
    def named(x, y=2.0, *rest):
        return x

    assert named("a").invocation.custom_name == "'a' of 2.0 ()"


def test_a_custom_name_shows_a_future_as_the_task_that_makes_it():
    @sdk.task(custom_name="{x:.2f}")
    def named(x):
        return x

    with pytest.warns(UnknownPlaceholderInCustomNameWarning, match="only at run time") as warned:
        future = named(single(1))

    assert future.invocation.custom_name == "single"
    assert warned[0].filename == __file__


@pytest.mark.parametrize("template", ["{y}", "{}", "{x.real}", "{x[0]}", "{x:{w}}"])
def test_a_custom_name_knows_parameters_only(template):
    task = sdk.task(single, custom_name=template)

    with pytest.raises(InvalidPlaceholderInCustomTaskNameError, match="Use one of: x"):
        task(1)


@pytest.mark.parametrize("template", ["{x:d}", "{x!z}"])
def test_a_custom_name_that_does_not_fit_its_values_is_told_with_its_place(template):
    task = sdk.task(single, custom_name=template)

    with pytest.raises(WorkflowSyntaxError, match=r"(?s)test_tasks\.py:\d+.*does not fit"):
        task("text")
