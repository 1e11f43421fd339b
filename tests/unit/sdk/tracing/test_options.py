import pytest

from orquestra import sdk


def fn(x=None):
    return x


@pytest.mark.parametrize(
    ("option", "what_to_write"),
    [
        ({"resources": {"cpu": "1"}}, r"sdk\.Resources"),
        ({"resources": sdk.Resources(cpu=[1])}, r"cpu=\[1\].*cpu=\"2\""),
        ({"resources": sdk.Resources(gpu=True)}, 'gpu="1"'),
        ({"resources": sdk.Resources(nodes="2")}, "whole number, like nodes=2"),
        ({"resources": sdk.Resources(nodes=2.5)}, "whole number, like nodes=2"),
        ({"env_vars": ["A=1"]}, r"env_vars=\{\"NAME\""),
        ({"max_retries": "3"}, "whole number, like max_retries=3"),
        ({"max_retries": 2.5}, "whole number, like max_retries=3"),
        ({"custom_image": 5}, "a text, like custom_image="),
        ({"custom_name": 5}, "a text, like custom_name="),
        ({"n_outputs": True}, "whole number"),
        ({"source_import": "numpy"}, r"source_import=sdk\.InlineImport"),
        ({"dependency_imports": "numpy"}, r"sdk\.PythonImports\('numpy'\)"),
    ],
)
def test_an_option_of_a_wrong_type_is_refused_where_it_is_given(option, what_to_write):
    with pytest.raises(TypeError, match=what_to_write):
        sdk.task(fn, **option)


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_an_amount_that_is_no_number_is_refused(amount):
    with pytest.raises(ValueError, match=r"cpu=.*4Gi"):
        sdk.task(fn, resources=sdk.Resources(cpu=amount))


@pytest.mark.parametrize("template", ["{x", "x}", "{x:{y}"])
def test_a_custom_name_whose_braces_do_not_match_is_refused(template):
    with pytest.raises(ValueError, match=r"custom_name=.*\{name\}"):
        sdk.task(fn, custom_name=template)
    with pytest.raises(ValueError, match=r"custom_name=.*\{name\}"):
        sdk.workflow(fn, custom_name=template)


@pytest.mark.parametrize(
    "option",
    [
        {"resources": {"cpu": "1"}},
        {"head_node_resources": sdk.Resources(cpu=[1])},
        {"custom_name": 5},
        {"default_source_import": "numpy"},
        {"default_dependency_imports": "numpy"},
    ],
)
def test_an_option_of_a_workflow_is_refused_too(option):
    with pytest.raises(TypeError):
        sdk.workflow(fn, **option)


@pytest.mark.parametrize(
    "change",
    [
        lambda: sdk.task(fn)().with_resources(cpu=[1]),
        lambda: sdk.task(fn)().with_custom_image(5),
        lambda: sdk.task(fn)().with_env_variables(["A=1"]),
        lambda: sdk.workflow(fn)().with_resources(nodes="2"),
        lambda: sdk.workflow(fn)().with_head_node_resources(memory=[1]),
    ],
)
def test_later_changes_are_refused_too(change):
    with pytest.raises(TypeError):
        change()


def test_a_class_that_does_not_say_its_parameters_is_no_task():
    with pytest.raises(TypeError, match="Write a function that calls it"):
        sdk.task(dict)


def test_numbers_are_fine_where_texts_are_meant():
    task = sdk.task(fn, resources=sdk.Resources(cpu=2, memory=0.5, gpu=1))

    assert task.options.resources == sdk.Resources(cpu=2, memory=0.5, gpu=1)
