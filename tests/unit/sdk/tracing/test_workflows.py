import pytest

from orquestra import sdk
from orquestra.sdk import execution_context
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


def test_what_a_workflow_says_of_itself():
    numpy, inline = sdk.PythonImports("numpy"), sdk.InlineImport()
    head = sdk.Resources(cpu="1")

    workflow = sdk.workflow(
        plain.__wrapped__,
        head_node_resources=head,
        default_source_import=inline,
        default_dependency_imports=numpy,
    )()

    assert workflow.data_aggregation == sdk.DataAggregation(run=None, resources=head)
    assert workflow.default_source_import == inline
    assert workflow.default_dependency_imports == (numpy,)
    assert workflow.fn_ref == workflow.model.fn_ref
    assert plain().data_aggregation is None
    assert plain().default_source_import is plain().default_dependency_imports is None


def test_the_image_of_the_head_node_is_the_default_one_or_what_is_asked_for():
    def image(workflow):
        return workflow.model.metadata.head_node_image

    workflow = sdk.workflow(plain.__wrapped__, head_node_image="mine:1")()

    assert image(plain()) == ir.DEFAULT_HEAD_NODE_IMAGE
    assert image(workflow) == "mine:1"
    assert image(workflow.with_head_node_image(image="other:2")) == "other:2"
    assert image(workflow.with_head_node_image(image=None)) == ir.DEFAULT_HEAD_NODE_IMAGE
    with pytest.raises(TypeError, match="image=5"):
        workflow.with_head_node_image(image=5)


def test_data_aggregation_is_ignored_with_a_warning():
    with pytest.warns(FutureWarning, match="data_aggregation is ignored") as warned:
        workflow = sdk.workflow(plain.__wrapped__, data_aggregation=False)

    assert warned[0].filename == __file__
    assert workflow().data_aggregation is None


def test_a_workflow_function_knows_that_a_workflow_is_being_built():
    seen = []

    def build():
        seen.append(execution_context.is_building())
        return work()

    assert sdk.workflow(build).model
    assert seen == [True]
    assert not execution_context.is_building()


def test_a_workflow_runs_with_the_arguments_of_release_1_1_0(monkeypatch):
    asked = {}
    monkeypatch.setattr(
        sdk.WorkflowRun,
        "start_from_ir",
        classmethod(lambda _cls, _model, config, **options: asked.update(options, config=config)),
    )

    with pytest.warns(DeprecationWarning, match="project_dir"):
        plain().run("here", "a/folder", "workspace", "project", True)  # noqa: FBT003 - its place

    assert asked == {
        "config": "here",
        "workspace_id": "workspace",
        "project_id": "project",
        "dry_run": True,
    }


def test_notebooks_show_a_workflow_with_its_tasks():
    assert "plain" in plain()._repr_html_()
    assert "work" in plain()._repr_html_()


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
