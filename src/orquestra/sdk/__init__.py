"""What users import: `import orquestra.sdk as sdk`.

Here belong the decorators and the way from them to a workflow definition (`tracing`), the user's
code on its way to a node (`code`), and what runs definitions: in this process (`in_process`), or
on a Compute Engine (`compute_engine`, chosen by `configuration`), with what is seen of it (`runs`).
Ray, servers, databases and containers do not belong here; of ours, this package imports only its
own `schema`.

Importing it must stay quick: what needs pydantic or an HTTP client is loaded when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from orquestra.sdk.code.imports import Import, InlineImport, PythonImports
from orquestra.sdk.exceptions import NotATaskWarning
from orquestra.sdk.execution_context import (
    CurrentExecutionCtx,
    CurrentRunIDs,
    current_exec_ctx,
    current_run_ids,
)
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.tracing.futures import ArtifactFuture
from orquestra.sdk.tracing.resources import Resources
from orquestra.sdk.tracing.tasks import TaskDef, task
from orquestra.sdk.tracing.workflows import WorkflowDef, WorkflowTemplate, workflow

if TYPE_CHECKING:
    from orquestra.sdk import mlflow, secrets
    from orquestra.sdk.code.imports import (
        GithubImport,
        GitImport,
        GitImportWithAuth,
        LocalImport,
        infer_git_ref,
    )
    from orquestra.sdk.compute_engine.workspaces import (
        Project,
        Workspace,
        list_projects,
        list_workspaces,
    )
    from orquestra.sdk.configuration.config import RuntimeConfig, migrate_config_file
    from orquestra.sdk.logs import LogLine, LogOutput, WorkflowLogs
    from orquestra.sdk.runs.live import RunSnapshot
    from orquestra.sdk.runs.run_lists import list_workflow_run_summaries, list_workflow_runs
    from orquestra.sdk.runs.task_runs import TaskRun
    from orquestra.sdk.runs.workflow_runs import WorkflowRun
    from orquestra.sdk.schema.workflow_run import State
    from orquestra.sdk.secret import Secret
    from orquestra.sdk.tracing.caching import CachePolicy
    from orquestra.sdk.tracing.mapping import map as map  # noqa: A004
    from orquestra.sdk.tracing.resources import DataAggregation
    from orquestra.sdk.tracing.retries import RetryPolicy

# Public as well, but not for `import *`: `map`, which would hide Python's own.
__all__ = [
    "ArtifactFuture",
    "CachePolicy",
    "CurrentExecutionCtx",
    "CurrentRunIDs",
    "DataAggregation",
    "GitImport",
    "GitImportWithAuth",
    "GithubImport",
    "Import",
    "InlineImport",
    "LocalImport",
    "LogLine",
    "LogOutput",
    "NotATaskWarning",
    "Project",
    "ProjectRef",
    "PythonImports",
    "Resources",
    "RetryPolicy",
    "RunSnapshot",
    "RuntimeConfig",
    "Secret",
    "State",
    "TaskDef",
    "TaskRun",
    "WorkflowDef",
    "WorkflowLogs",
    "WorkflowRun",
    "WorkflowTemplate",
    "Workspace",
    "current_exec_ctx",
    "current_run_ids",
    "infer_git_ref",
    "list_projects",
    "list_workflow_run_summaries",
    "list_workflow_runs",
    "list_workspaces",
    "migrate_config_file",
    "mlflow",
    "secrets",
    "task",
    "workflow",
]

_LOADED_LATER = {
    "CachePolicy": "tracing.caching",
    "DataAggregation": "tracing.resources",
    "GitImport": "code.imports",
    "GitImportWithAuth": "code.imports",
    "GithubImport": "code.imports",
    "LocalImport": "code.imports",
    "LogLine": "logs",
    "LogOutput": "logs",
    "Project": "compute_engine.workspaces",
    "RetryPolicy": "tracing.retries",
    "RunSnapshot": "runs.live",
    "RuntimeConfig": "configuration.config",
    "Secret": "secret",
    "State": "schema.workflow_run",
    "TaskRun": "runs.task_runs",
    "WorkflowLogs": "logs",
    "WorkflowRun": "runs.workflow_runs",
    "Workspace": "compute_engine.workspaces",
    "infer_git_ref": "code.imports",
    "list_projects": "compute_engine.workspaces",
    "list_workflow_run_summaries": "runs.run_lists",
    "list_workflow_runs": "runs.run_lists",
    "list_workspaces": "compute_engine.workspaces",
    "map": "tracing.mapping",
    "migrate_config_file": "configuration.config",
}
_MODULES = frozenset({"mlflow", "secrets"})


if not TYPE_CHECKING:  # to type checkers, any misspelt name would be there

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name not in _LOADED_LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_LOADED_LATER[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_LOADED_LATER})
