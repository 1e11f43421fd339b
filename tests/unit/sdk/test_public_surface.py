"""The public surface, listed once: what release 1.1 has (spec, section 1) and what is ours."""

import dataclasses
import importlib
import inspect
import pickle
import subprocess
import sys

import pytest

from orquestra import sdk

EXPORTS_OF_1_1 = {
    # decorators and what they make
    "task", "workflow", "TaskDef", "ArtifactFuture", "WorkflowDef", "WorkflowTemplate",
    "NotATaskWarning",
    # where code comes from
    "Import", "InlineImport", "LocalImport", "PythonImports", "GitImport", "GitImportWithAuth",
    "GithubImport", "infer_git_ref",
    # resources
    "Resources", "DataAggregation",
    # secrets
    "Secret", "secrets",
    # runs
    "WorkflowRun", "TaskRun", "State", "list_workflow_runs", "list_workflow_run_summaries",
    "current_run_ids", "CurrentRunIDs", "current_exec_ctx", "CurrentExecutionCtx",
    # logs
    "WorkflowLogs", "LogOutput",
    # configurations
    "RuntimeConfig", "migrate_config_file",
    # workspaces and projects
    "Workspace", "Project", "ProjectRef", "list_workspaces", "list_projects",
    # modules
    "mlflow",
}  # fmt: skip
OUR_EXPORTS = {"CachePolicy", "LogLine", "RetryPolicy", "RunSnapshot"}
NOT_FOR_STAR_IMPORTS = {"map"}

SUBMODULES = {
    "orquestra.sdk.secrets": {"get", "set", "list", "delete"},
    "orquestra.sdk.mlflow": {
        "get_current_user",
        "get_temp_artifacts_dir",
        "get_tracking_uri",
        "get_tracking_token",
    },
    "orquestra.sdk.packaging": {
        "get_installed_version",
        "PackagingError",
        "InstalledImport",
        "execute_task",
    },
    "orquestra.sdk.kubernetes.quantity": {"parse_quantity"},
    "orquestra.sdk.examples.workflow_defs": {
        "hello",
        "do_something_useful",
        "hello_orquestra",
        "hello_workflow",
    },
    "orquestra.sdk.examples.exportable_wf": {
        "capitalize",
        "make_greeting",
        "multi_output_test",
        "my_workflow",
        "capitalize_no_decorator",
        "main",
    },
    "orquestra.sdk.schema.ir": {"WorkflowDef", "TaskDef", "TaskInvocation", "GitURL"},
    "orquestra.sdk.schema.configs": {
        "CONFIG_FILE_CURRENT_VERSION",
        "RuntimeName",
        "RemoteRuntime",
        "RuntimeConfiguration",
        "RuntimeConfigurationFile",
    },
    "orquestra.sdk.schema.responses": {
        "JSONResult",
        "PickleResult",
        "WorkflowResult",
        "ComputeEngineWorkflowResult",
        "ServiceResponse",
        "ResponseMetadata",
        "ResponseFormat",
        "ResponseStatusCode",
    },
    "orquestra.sdk.schema.workflow_run": {
        "State",
        "RunStatus",
        "TaskRun",
        "WorkflowRunOnlyID",
        "WorkflowRunMinimal",
        "WorkflowRun",
        "WorkflowRunSummary",
        "WorkflowRunId",
        "TaskRunId",
        "WorkspaceId",
        "ProjectId",
    },
}

# Fields in their order, all positional, with the values of those that may be left out.
VALUE_TYPES = {
    "Workspace": ("workspace_id", "name"),
    "Project": ("project_id", "workspace_id", "name"),
    "ProjectRef": ("workspace_id", "project_id"),
    "CurrentRunIDs": ("workflow_run_id", "task_invocation_id", "task_run_id"),
    "CurrentExecutionCtx": ("config_name", "workspace_id", "project_id"),
    "LogOutput": ("out", "err"),
    "WorkflowLogs": ("per_task", "env_setup", "system", "other"),
    "Resources": ("cpu", "memory", "disk", "gpu", "nodes"),
    "DataAggregation": ("run", "resources"),
    "Secret": ("name", "config_name", "workspace_id"),
}
FROZEN_DATACLASSES = {"Workspace", "Project", "ProjectRef", "LogOutput", "WorkflowLogs"}
DEFAULTS = {
    "Resources": dict.fromkeys(VALUE_TYPES["Resources"]),
    "DataAggregation": {"run": None, "resources": sdk.Resources()},
    "Secret": {"config_name": None, "workspace_id": None},
}

SIGNATURES = {
    "list_workspaces": "(config)",
    "list_projects": "(config, workspace_id)",
    "current_run_ids": "()",
    "current_exec_ctx": "()",
    "migrate_config_file": "()",
    "RuntimeConfig": "(runtime_name, name, bypass_factory_methods=False)",
    "RuntimeConfig.in_process": "()",
    "RuntimeConfig.ray": "()",
    "RuntimeConfig.ce": "(uri, token)",
    "RuntimeConfig.list_configs": "()",
    "RuntimeConfig.load": "(name)",
    "RuntimeConfig.update_saved_token": "(self, token)",
    "mlflow.get_tracking_uri": "(workspace_id, config_name=None)",
    "mlflow.get_tracking_token": "(config_name=None)",
    "mlflow.get_temp_artifacts_dir": "()",
    "mlflow.get_current_user": "(config_name)",
    "secrets.get": "(name, *, workspace_id=None, config_name=None)",
    "secrets.set": "(name, value, *, workspace_id=None, config_name=None)",
    "secrets.list": "(*, workspace_id=None, config_name=None)",
    "secrets.delete": "(name, *, workspace_id=None, config_name=None)",
}

ALIASES = [
    "exceptions",
    "kubernetes.quantity",
    "logs",
    "packaging",
    "schema.configs",
    "schema.ir",
    "schema.responses",
    "schema.workflow_run",
    "secrets",
]


def in_a_new_process(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_the_public_names_are_these():
    assert set(sdk.__all__) == EXPORTS_OF_1_1 | OUR_EXPORTS
    assert len(EXPORTS_OF_1_1) == 38
    assert set(sdk.__all__) | NOT_FOR_STAR_IMPORTS <= set(dir(sdk))


@pytest.mark.parametrize("name", sorted(EXPORTS_OF_1_1 | OUR_EXPORTS | NOT_FOR_STAR_IMPORTS))
def test_every_public_name_is_there(name):
    assert getattr(sdk, name) is not None


def test_a_star_import_leaves_the_functions_of_python_alone():
    namespace = {}

    exec("from orquestra.sdk import *", namespace)

    assert namespace.keys() & set(dir(__builtins__)) <= {"__builtins__", "__doc__", "__name__"}
    assert "task" in namespace


def test_modules_are_attributes_right_after_the_import():
    code = "import orquestra.sdk as s; print(s.secrets.__name__, s.mlflow.__name__)"

    assert in_a_new_process(code) == ["orquestra.sdk.secrets", "orquestra.sdk.mlflow"]


def test_an_unknown_name_is_an_ordinary_attribute_error():
    assert not hasattr(sdk, "no_such_name")


def test_importing_the_sdk_loads_nothing_heavy():
    heavy = {"pydantic", "httpx", "rich", "cloudpickle", "ray", "packaging"}

    assert heavy.isdisjoint(in_a_new_process("import orquestra.sdk, sys; print(*sys.modules)"))


@pytest.mark.parametrize("name", SUBMODULES)
def test_a_submodule_has_its_public_names(name):
    module = importlib.import_module(name)

    assert {public for public in SUBMODULES[name] if not hasattr(module, public)} == set()
    assert SUBMODULES[name] >= set(getattr(module, "__all__", ()))


@pytest.mark.parametrize("name", VALUE_TYPES)
def test_a_value_type_has_its_fields_in_order(name):
    value_type, fields = getattr(sdk, name), VALUE_TYPES[name]

    value = value_type(*fields)

    assert [getattr(value, field) for field in fields] == list(fields)
    assert value == value_type(**dict(zip(fields, fields, strict=True)))
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("name", VALUE_TYPES)
def test_a_value_type_is_of_its_kind(name):
    value_type = getattr(sdk, name)

    if name in FROZEN_DATACLASSES:
        assert dataclasses.is_dataclass(value_type)
        assert value_type.__dataclass_params__.frozen
    else:
        assert issubclass(value_type, tuple)


@pytest.mark.parametrize("name", DEFAULTS)
def test_fields_of_a_value_type_that_may_be_left_out(name):
    defaults = DEFAULTS[name]
    given = [field for field in VALUE_TYPES[name] if field not in defaults]

    value = getattr(sdk, name)(*given)

    assert {field: getattr(value, field) for field in defaults} == defaults


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_function_has_its_signature(name):
    function = sdk
    for part in name.split("."):
        function = getattr(function, part)
    signature = inspect.signature(function)
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]

    shown = str(signature.replace(parameters=bare, return_annotation=signature.empty))
    assert shown == SIGNATURES[name]


@pytest.mark.parametrize("name", ALIASES)
def test_what_programs_import_from_the_shared_package_is_the_same(name):
    ours = importlib.import_module(f"orquestra.sdk.{name}")
    alias = importlib.import_module(f"orquestra.workflow_shared.{name}")

    own = [n for n, v in vars(ours).items() if getattr(v, "__module__", None) == ours.__name__]
    public = getattr(ours, "__all__", None) or [n for n in own if not n.startswith("_")]
    assert public
    assert all(getattr(alias, n) is getattr(ours, n) for n in public)
