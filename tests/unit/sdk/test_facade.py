import subprocess
import sys

from orquestra import sdk

PUBLIC_NAMES = [
    "ArtifactFuture",
    "Import",
    "InlineImport",
    "LogOutput",
    "PythonImports",
    "Resources",
    "RuntimeConfig",
    "State",
    "TaskDef",
    "TaskRun",
    "WorkflowDef",
    "WorkflowLogs",
    "WorkflowRun",
    "WorkflowTemplate",
    "list_workflow_run_summaries",
    "list_workflow_runs",
    "task",
    "workflow",
]


def test_the_public_names_are_these():
    assert sdk.__all__ == PUBLIC_NAMES
    assert all(getattr(sdk, name) is not None for name in PUBLIC_NAMES)
    assert set(PUBLIC_NAMES) <= set(dir(sdk))


def test_an_unknown_name_is_an_ordinary_attribute_error():
    assert not hasattr(sdk, "no_such_name")


def test_importing_the_sdk_loads_nothing_heavy():
    heavy = {"pydantic", "httpx", "rich", "cloudpickle", "ray", "packaging"}

    loaded = subprocess.run(
        [sys.executable, "-c", "import orquestra.sdk, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert heavy.isdisjoint(loaded)
