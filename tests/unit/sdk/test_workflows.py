import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.schema import ir


@sdk.task
def work(x=None):
    return x


@sdk.workflow
def plain():
    return work()


@sdk.workflow(custom_name="Fit {alpha:.1f} Ω", resources=sdk.Resources(cpu="2", nodes=3))
def fit(alpha, beta=1):
    """Fit a model."""
    return work(alpha + beta)


def test_a_template_looks_like_its_function():
    assert fit.__name__ == "fit"
    assert fit.__doc__ == "Fit a model."
    assert fit.is_parametrized
    assert not plain.is_parametrized
    assert repr(fit) == "<workflow template fit>"


def test_calling_a_template_does_not_run_the_function():
    @sdk.workflow
    def explode():
        raise AssertionError

    assert explode().name == "explode"


def test_arguments_reach_the_function():
    (constant,) = fit(1, beta=2).model.constant_nodes.values()

    assert constant.value == "3"


def test_wrong_arguments_are_refused_where_they_are_given():
    with pytest.raises(WorkflowSyntaxError, match=r"(?s)test_workflows\.py:\d+: fit\(\).*'alpha'"):
        fit()


def test_a_template_without_parameters_has_a_model():
    assert plain.model.name == "plain"
    with pytest.raises(NotImplementedError, match=r"fit\(\.\.\.\)\.model"):
        _ = fit.model


def test_a_custom_name_shows_the_arguments_and_is_not_cleaned():
    assert fit(1).name == "Fit 1.0 Ω"
    assert fit(1).model.name == "Fit 1.0 Ω"


def test_a_custom_name_cannot_show_what_is_not_known():
    with pytest.raises(WorkflowSyntaxError, match="only at run time"):
        fit(work())


def test_resources_can_be_changed_on_a_copy():
    workflow = fit(1)

    changed = workflow.with_resources(cpu=None, memory="4Gi")
    changed = changed.with_head_node_resources(memory="1Gi")

    assert changed.model.resources == ir.Resources(memory="4Gi", nodes=3)
    assert changed.model.data_aggregation.resources == ir.Resources(memory="1Gi")
    assert workflow.model.resources == ir.Resources(cpu="2", nodes=3)
    assert workflow.model.data_aggregation is None


def test_a_head_node_has_no_gpu():
    workflow = sdk.workflow(plain.__wrapped__, head_node_resources=sdk.Resources(gpu=1))

    with pytest.warns(UserWarning, match="head node") as warned:
        model = workflow().model

    assert model.data_aggregation.resources == ir.Resources(gpu="0")
    assert warned[0].filename == __file__


def test_a_head_node_with_an_impossible_gpu_is_refused_with_its_place():
    workflow = sdk.workflow(plain.__wrapped__, head_node_resources=sdk.Resources(gpu="abc"))

    with pytest.raises(WorkflowSyntaxError, match=r"(?s)test_workflows\.py:\d+.*gpu: 'abc'"):
        workflow()


def test_an_error_of_the_users_own_code_comes_out_as_it_is():
    def divide():
        return work(1 / 0)

    with pytest.raises(ZeroDivisionError):
        _ = sdk.workflow(divide)().model


def test_only_functions_become_workflows():
    with pytest.raises(TypeError, match="Python function"):
        sdk.workflow(len)


def test_the_function_reference_says_where_the_workflow_stands(monkeypatch, request):
    monkeypatch.chdir(request.path.parent)

    ref = plain.model.fn_ref

    assert (ref.file_path, ref.function_name) == ("test_workflows.py", "plain")
