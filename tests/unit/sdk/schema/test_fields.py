"""The documents, field by field: names, types and defaults of release 1.1, and what is ours."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest

from orquestra.sdk.schema import configs, ir, responses, workflow_run

NAMED_UNIONS = {
    ir.Import: "Import",
    ir.FunctionRef: "FunctionRef",
    ir.ConstantNode: "ConstantNode",
    responses.WorkflowResult: "WorkflowResult",
}

RELEASE_1_1 = {
    ir.WorkflowDef: """
        name: str
        fn_ref: FunctionRef
        imports: dict[str, Import]
        tasks: dict[str, TaskDef]
        artifact_nodes: dict[str, ArtifactNode]
        constant_nodes: dict[str, ConstantNode]
        secret_nodes: dict[str, SecretNode] = {}
        task_invocations: dict[str, TaskInvocation]
        output_ids: list[str]
        data_aggregation: DataAggregation? = None
        metadata: WorkflowMetadata? = None
        resources: Resources? = None
    """,
    ir.WorkflowMetadata: """
        sdk_version: Version
        python_version: Version
        head_node_image: str? = None
    """,
    ir.Version: """
        original: str
        major: int
        minor: int
        patch: int
        is_prerelease: bool
    """,
    ir.TaskDef: """
        id: str
        fn_ref: FunctionRef
        parameters: list[TaskParameter]? = None
        output_metadata: TaskOutputMetadata? = None
        source_import_id: str
        dependency_import_ids: list[str]? = None
        resources: Resources? = None
        max_retries: int? = None
        custom_image: str? = None
    """,
    ir.TaskOutputMetadata: """
        is_subscriptable: bool
        n_outputs: int
    """,
    ir.TaskParameter: """
        name: str
        kind: ParameterKind
    """,
    ir.TaskInvocation: """
        id: str
        task_id: str
        args_ids: list[str]
        kwargs_ids: dict[str, str]
        output_ids: list[str]
        resources: Resources? = None
        custom_image: str? = None
        env_vars: dict[str, str]? = None
    """,
    ir.ArtifactNode: """
        id: str
        custom_name: str? = None
        serialization_format: ArtifactFormat = AUTO
        artifact_index: int? = None
    """,
    ir.ConstantNodeJSON: """
        id: str
        value: str
        serialization_format = JSON
        value_preview: str
    """,
    ir.ConstantNodePickle: """
        id: str
        chunks: list[str]
        serialization_format = ENCODED_PICKLE
        value_preview: str
    """,
    ir.SecretNode: """
        id: str
        secret_name: str
        secret_config: str? = None
        workspace_id: str? = None
    """,
    ir.Resources: """
        cpu: str? = None
        memory: str? = None
        disk: str? = None
        gpu: str? = None
        nodes: int? = None
    """,
    ir.DataAggregation: """
        run: bool? = None
        resources: Resources? = None
    """,
    ir.GitImport: """
        id: str
        repo_url: GitURL
        git_ref: str
        package_name: str? = None
        extras: tuple[str, ...]? = None
        type = GIT_IMPORT
    """,
    ir.GitURL: """
        original_url: str
        protocol: str
        user: str? = None
        password: SecretNode? = None
        host: str
        port: int? = None
        path: str
        query: str? = None
    """,
    ir.LocalImport: """
        id: str
        type = LOCAL_IMPORT
    """,
    ir.InlineImport: """
        id: str
        type = INLINE_IMPORT
    """,
    ir.PythonImports: """
        id: str
        packages: list[PackageSpec]
        pip_options: list[str]
        type = PYTHON_IMPORT
    """,
    ir.PackageSpec: """
        name: str
        extras: list[str]
        version_constraints: list[str]
        environment_markers: str
    """,
    ir.ModuleFunctionRef: """
        module: str
        function_name: str
        file_path: str? = None
        line_number: int? = None
        type = MODULE_FUNCTION_REF
    """,
    ir.FileFunctionRef: """
        file_path: str
        function_name: str
        line_number: int? = None
        type = FILE_FUNCTION_REF
    """,
    ir.InlineFunctionRef: """
        function_name: str
        encoded_function: list[str]
        type = INLINE_FUNCTION_REF
    """,
    workflow_run.RunStatus: """
        state: State
        start_time: datetime?
        end_time: datetime?
    """,
    workflow_run.TaskRun: """
        id: str
        invocation_id: str
        status: RunStatus
        message: str? = None
    """,
    workflow_run.WorkflowRunOnlyID: """
        id: str
    """,
    workflow_run.WorkflowRunMinimal: """
        id: str
        workflow_def: WorkflowDef
    """,
    workflow_run.WorkflowRun: """
        id: str
        workflow_def: WorkflowDef
        task_runs: list[TaskRun]
        status: RunStatus
        message: str? = None
    """,
    workflow_run.WorkflowRunSummary: """
        id: str
        status: RunStatus
        owner: str?
        total_task_runs: int
        completed_task_runs: int
        dry_run: bool?
    """,
    responses.JSONResult: """
        value: str
        serialization_format = JSON
    """,
    responses.PickleResult: """
        chunks: list[str]
        serialization_format = ENCODED_PICKLE
    """,
    responses.ComputeEngineWorkflowResult: """
        results: tuple[WorkflowResult, ...]
        type = ComputeEngineWorkflowResult
    """,
    responses.ServiceResponse: """
        name: str
        is_running: bool
        info: str?
    """,
    responses.ResponseMetadata: """
        success: bool
        code: ResponseStatusCode
        message: str
    """,
}

OURS = {
    ir.WorkflowDef: """
        collection_nodes: dict[str, CollectionNode] = {}
        source_files: dict[str, str] = {}
    """,
    ir.TaskDef: """
        retry_policy: RetryPolicy? = None
        timeout_seconds: float? = None
        cache: CachePolicy? = None
    """,
    ir.ConstantNodePickle: """
        fingerprint: str? = None
    """,
    ir.TaskInvocation: """
        map_over: list[int | str]? = None
    """,
    workflow_run.WorkflowRun: """
        warnings: tuple[str, ...] = ()
    """,
}

WORDS = {
    ir.ArtifactFormat: "AUTO ENCODED_PICKLE JSON NUMPY_ARRAY",
    ir.ParameterKind: "POSITIONAL_OR_KEYWORD VAR_POSITIONAL VAR_KEYWORD",
    workflow_run.State: "WAITING RUNNING SUCCEEDED TERMINATED FAILED ERROR KILLED UNKNOWN",
    configs.RuntimeName: "RAY_LOCAL CE_REMOTE QE_REMOTE IN_PROCESS",
}


@pytest.mark.parametrize("model", RELEASE_1_1, ids=lambda model: model.__name__)
def test_the_fields_are_those_of_release_1_1_and_some_of_ours(model):
    expected = [*_lines(RELEASE_1_1[model]), *_lines(OURS.get(model, ""))]

    assert sorted(map(_field, model.model_fields.items())) == sorted(expected)


@pytest.mark.parametrize(
    "model", [model for model in OURS if model.__module__ == ir.__name__], ids=lambda m: m.__name__
)
def test_what_is_ours_is_not_required(model):
    ours = {line.partition(":")[0] for line in _lines(OURS[model])}

    assert not ours & {name for name, field in model.model_fields.items() if field.is_required()}


@pytest.mark.parametrize("enum", WORDS, ids=lambda enum: enum.__name__)
def test_words_are_those_of_release_1_1(enum):
    assert {word.name: word.value for word in enum} == {word: word for word in WORDS[enum].split()}


@pytest.mark.parametrize("model", [ir.ConstantNodeJSON, ir.ConstantNodePickle])
def test_previews_have_twelve_characters_at_most(model):
    fields = {"id": "constant-0", "value": "1", "chunks": []}

    assert model(**fields, value_preview="x" * 12)
    with pytest.raises(ValueError, match="at most 12"):
        model(**fields, value_preview="x" * 13)


@pytest.mark.parametrize("number", [1, 1.0, 0])
def test_numbers_of_gpus_become_texts(number):
    assert ir.Resources(gpu=number).gpu == str(number)


def test_fields_of_later_releases_are_ignored():
    assert ir.Resources.model_validate({"cpu": "1", "tpu": "2"}) == ir.Resources(cpu="1")


def _lines(table):
    return [line.strip() for line in table.strip().splitlines() if line.strip()]


def _field(item):
    """A field as the tables write it: `name: type = default`; of a constant, no type."""
    name, field = item
    constant = get_origin(field.annotation) is Literal
    text = name if constant else f"{name}: {_type(field.annotation)}"
    if field.is_required():
        return text
    return f"{text} = {getattr(field.default, 'value', field.default)}"


def _type(annotation: Any) -> str:
    name = next((name for union, name in NAMED_UNIONS.items() if _is(annotation, union)), None)
    if name is not None:
        return name
    if hasattr(annotation, "__supertype__"):  # a NewType
        return _type(annotation.__supertype__)
    arguments = [_type(argument) for argument in get_args(annotation) if argument is not type(None)]
    if get_origin(annotation) in {Union, types.UnionType}:
        optional = "?" if type(None) in get_args(annotation) else ""
        return " | ".join(arguments) + optional
    if annotation is Ellipsis:
        return "..."
    plain = (get_origin(annotation) or annotation).__name__
    return f"{plain}[{', '.join(arguments)}]" if arguments else plain


def _is(annotation: Any, union: Any) -> bool:
    # Of a field's own type, pydantic strips the annotations.
    members = get_args(union)[0] if get_origin(union) is Annotated else union
    return annotation in (union, members)
