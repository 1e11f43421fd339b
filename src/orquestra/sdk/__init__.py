"""What users import: `import orquestra.sdk as sdk`.

Here belong the decorators and what they build (`tasks`, `workflows`, `futures`, `imports`,
`resources`), the way from there to a workflow definition (`graph` and its parts), and what talks
to a Compute Engine (`config`, `client`, `compute_engine`, `runs`, `logs`). Ray, servers, databases
and containers do not belong here; of ours, this package imports only its own `schema`.

Importing it must stay quick: what needs pydantic or an HTTP client is loaded when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from orquestra.sdk.futures import ArtifactFuture
from orquestra.sdk.imports import Import, InlineImport, PythonImports
from orquestra.sdk.resources import Resources
from orquestra.sdk.tasks import TaskDef, task
from orquestra.sdk.workflows import WorkflowDef, WorkflowTemplate, workflow

if TYPE_CHECKING:
    from orquestra.sdk.config import RuntimeConfig
    from orquestra.sdk.logs import LogOutput, WorkflowLogs
    from orquestra.sdk.run_lists import list_workflow_run_summaries, list_workflow_runs
    from orquestra.sdk.runs import WorkflowRun
    from orquestra.sdk.schema.workflow_run import State
    from orquestra.sdk.task_runs import TaskRun

__all__ = [
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

_LOADED_LATER = {
    "LogOutput": "logs",
    "RuntimeConfig": "config",
    "State": "schema.workflow_run",
    "TaskRun": "task_runs",
    "WorkflowLogs": "logs",
    "WorkflowRun": "runs",
    "list_workflow_run_summaries": "run_lists",
    "list_workflow_runs": "run_lists",
}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_LOADED_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
