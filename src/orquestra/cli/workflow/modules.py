"""Workflows in Python modules of the user."""

from typing import Any

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.workflow.loading import load
from orquestra.sdk import WorkflowTemplate


def find_workflow(module: str, *, name: str | None) -> WorkflowTemplate[Any]:
    """A workflow by the module it is in and its name; without a name the only one.

    Raises:
        Failure: the module cannot be imported, or there is not exactly one such workflow.
    """
    templates = {
        attribute: value
        for attribute, value in vars(load(module)).items()
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


def _failure(message: str, *, hint: str) -> Failure:
    return Failure(message, code=ExitCode.INVALID_WORKFLOW_MODULE, hint=hint)
