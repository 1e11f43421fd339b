import copy
import functools
import inspect
import pickle
import types

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import (
    InvalidPlaceholderInCustomTaskNameError,
    InvalidTaskDefinitionError,
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


class Model:
    def __init__(self, size=1):
        self.size = size

    @staticmethod
    def scaled(x):
        return x

    def __call__(self):
        return self.size


async def asynchronous():
    return 1, 2


def yields():
    yield 1
    return 1, 2


async def yields_asynchronously():
    yield 1


# Release 1.1 could not read a lambda in several lines.
in_several_lines = [
    lambda x: (
        x,
        x + 1,
    ),
]


def without_source():
    scope = {}
    exec("def made(): return 1, 2", scope)
    return scope["made"]


@pytest.mark.parametrize(
    ("fn", "n_outputs"),
    [
        (len, None),
        (len, 1),
        (functools.partial(print), None),
        (Model(), None),
        (5, None),
        ("text", 2),
    ],
)
def test_what_is_no_function_of_the_user_becomes_no_task(fn, n_outputs):
    with pytest.raises(TypeError, match=r"function written in Python.*Write one that calls it"):
        sdk.task(fn, n_outputs=n_outputs)


@pytest.mark.parametrize(
    ("fn", "output"),
    [
        (Model, (False, 1)),
        (Model.scaled, (False, 1)),
        (without_source(), (False, 1)),
        (lambda: (1, 2), (False, 1)),
        (*in_several_lines, (False, 1)),
        (pair, (True, 2)),
    ],
)
def test_what_becomes_a_task_and_the_outputs_it_has(fn, output):
    task = sdk.task(fn)

    assert task.output == output
    assert isinstance(task, sdk.TaskDef)


def test_a_task_answers_like_its_function():
    function = pair.__wrapped__

    assert isinstance(pair, sdk.TaskDef)
    assert isinstance(pair, types.FunctionType)
    assert inspect.isfunction(pair)
    assert callable(pair)
    assert inspect.signature(pair) == inspect.signature(function)
    assert inspect.getsource(pair) == inspect.getsource(function)
    for name in ("__code__", "__defaults__", "__globals__", "__module__", "__qualname__"):
        assert getattr(pair, name) is getattr(function, name)
    assert vars(pair) is vars(function)
    assert inspect.isclass(sdk.task(Model))
    with pytest.raises(AttributeError, match="no attribute 'with_resources'"):
        _ = pair.with_resources


def test_what_programs_read_of_tasks_without_a_public_name():
    task = sdk.task(
        single,
        custom_image="i:1",
        custom_name="{x}",
        source_import=sdk.InlineImport(),
        dependency_imports=sdk.PythonImports("numpy"),
    )

    assert task._fn_name == "single"
    assert task._output_metadata == (False, 1)
    assert task._output_metadata.is_subscriptable is False
    assert task._output_metadata.n_outputs == 1
    assert task._resources == sdk.Resources()
    assert task._custom_image == "i:1"
    assert task._custom_name == "{x}"
    assert task._source_import == sdk.InlineImport()
    assert task._dependency_imports == (sdk.PythonImports("numpy"),)
    assert task._TaskDef__sdk_task_body is single.__wrapped__


def test_the_number_of_outputs_is_told_with_a_warning():
    with pytest.warns(DeprecationWarning, match="n_outputs") as warned:
        assert pair.n_outputs == 2

    assert warned[0].filename == __file__


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"resources": sdk.Resources(cpu="1.5")}, "whole number"),
        ({"resources": sdk.Resources(cpu="much")}, "not a quantity"),
        ({"resources": sdk.Resources(gpu="1000m")}, None),
        ({"resources": sdk.Resources(gpu="1.5")}, "whole number"),
        ({"resources": sdk.Resources(cpu="0.5", gpu="1.0")}, None),
        ({"source_import": sdk.LocalImport("m")}, None),
    ],
)
def test_a_task_can_be_checked_without_a_workflow(options, problem):
    task = sdk.task(single, **options)

    if problem is None:
        task.validate_task()
    else:
        with pytest.raises(InvalidTaskDefinitionError, match=rf"(?s)Task `single`.*{problem}"):
            task.validate_task()


def test_a_task_of_the_main_program_cannot_be_imported_from_elsewhere():
    def main():
        return 1

    main.__module__ = "__main__"

    sdk.task(main).validate_task()
    with pytest.raises(InvalidTaskDefinitionError, match=r"InlineImport\(\)"):
        sdk.task(main, source_import=sdk.LocalImport("m")).validate_task()


def test_a_future_says_what_release_1_1_says_of_it():
    future = pair(1, b=3)

    assert future.output_index is None
    assert future.custom_name is sdk.ArtifactFuture.DEFAULT_CUSTOM_NAME is None
    assert future.serialization_format is sdk.ArtifactFuture.DEFAULT_SERIALIZATION_FORMAT
    assert future.serialization_format.value == "AUTO"
    assert future.env_vars == {"A": "1"}
    call = future.invocation
    assert (call.task, call.args, call.kwargs) == (pair, (1,), (("b", 3),))
    assert (call.type, call.custom_name, call.custom_image) == ("task_invocation", None, "i:1")
    assert (call.resources, call.env_vars) == (sdk.Resources(cpu="1", memory="1Gi"), {"A": "1"})


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

    for call in (lambda: Model().fit(data=1), lambda: Model().fit(1)):
        with pytest.raises(WorkflowSyntaxError, match="Methods cannot be tasks"):
            call()


def test_parameters_may_have_any_name():
    @sdk.task(custom_name="{self} and {fn}")
    def combine(self, fn):
        return self, fn

    @sdk.workflow
    def combined(self, fn):
        return combine(self=self, fn=fn)

    call = next(iter(combined(self=1, fn=2).model.task_invocations.values()))
    assert call.id.startswith("name-1-and-2")
    assert set(call.kwargs_ids) == {"self", "fn"}


@pytest.mark.parametrize(
    ("fn", "way_out"),
    [
        (asynchronous, r"an `async` function.*asyncio\.run\(\.\.\.\)"),
        (yields, r"a generator function.*Return a list"),
        (yields_asynchronously, r"a generator function.*Return a list"),
    ],
)
def test_a_task_that_can_only_fail_is_told_of_where_it_is_written(fn, way_out):
    with pytest.warns(
        UserWarning, match=rf"(?s)test_tasks\.py:\d+: .*def {fn.__name__}.*{way_out}"
    ) as told:
        task = sdk.task(fn)

    assert told[0].filename == __file__
    assert (task.output.n_outputs == 2) == (fn is not yields_asynchronously)


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


@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_future_is_not_copied_or_pickled(use):
    with pytest.raises(NotImplementedError, match=r"`single`.*does not exist yet"):
        use(single(1))


def test_futures_are_equal_to_themselves_only():
    future = single(1)

    assert future == future  # noqa: PLR0124 - the point
    assert future != single(1)
    assert len({future, future, single(1)}) == 2
    assert future in [single(1), future]
    assert f"{pair(1)[0]!r}" == "<future result of task pair[0]>"


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
