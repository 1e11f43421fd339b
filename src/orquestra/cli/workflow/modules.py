"""Workflows in Python modules of the user."""

import importlib
import os
import sys
import traceback
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.sdk import WorkflowTemplate


def find_workflow(module: str, *, name: str | None) -> WorkflowTemplate[Any]:
    """A workflow by the module it is in and its name; without a name the only one.

    Raises:
        Failure: the module cannot be imported, or there is not exactly one such workflow.
    """
    templates = {
        attribute: value
        for attribute, value in vars(_import(module)).items()
        if isinstance(value, WorkflowTemplate)
    }
    known = ", ".join(sorted(templates))
    if not templates:
        raise _failure(
            f"the module {module} has no workflow", hint="mark a function with `@sdk.workflow`"
        )
    if name is None and len(templates) == 1:
        return next(iter(templates.values()))
    if name is None:
        raise _failure(
            f"the module {module} has several workflows: {known}",
            hint=f"name one of them: `orq wf submit {module} {next(iter(templates))}`",
        )
    if name not in templates:
        raise _failure(f"the module {module} has no workflow {name!r}", hint=f"it has: {known}")
    return templates[name]


def dotted_name(module: str) -> str:
    """The name to import: that of a path has neither suffix nor a leading `src`."""
    if not (module.endswith(".py") or os.sep in module or "/" in module):
        return module
    path = PurePath(module)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    parts = [part for part in path.with_suffix("").parts if part != "."]
    return ".".join(parts[1:] if parts[0] == "src" else parts)


def _import(module: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(dotted_name(module))
    except Exception as error:  # importing runs the user's code, which can raise anything
        failure = _failure(
            f"the module {module} cannot be imported: {type(error).__name__}: {error}",
            hint=f"modules are looked for in {Path.cwd()} and where Python has its packages",
        )
        failure.details = _own_frames(error)
        raise failure from error


def _own_frames(error: Exception) -> list[str]:
    """Where in the user's files it happened."""
    frames = traceback.extract_tb(error.__traceback__)
    here = str(Path.cwd())
    return [
        f"  at {frame.filename}:{frame.lineno} in {frame.name}"
        for frame in frames
        if frame.filename.startswith(here) and frame.filename != __file__
    ]


def _failure(message: str, *, hint: str) -> Failure:
    return Failure(message, code=ExitCode.INVALID_WORKFLOW_MODULE, hint=hint)
