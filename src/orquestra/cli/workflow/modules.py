"""Workflows in Python modules of the user."""

from typing import Any

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.prompts import choose
from orquestra.cli.workflow.loading import load
from orquestra.sdk import WorkflowTemplate


def find_workflow(
    module: str, *, name: str | None, instead: str = "NAME, the second argument"
) -> WorkflowTemplate[Any]:
    """A workflow by the module it is in and its name; without a name the one that is chosen.

    Args:
        module: dotted name or path.
        name: of the workflow function.
        instead: where the command takes the name.

    Raises:
        Failure: the module cannot be imported, it has no such workflow, or nobody can be asked
            which of several is meant.
    """
    templates = {
        attribute: value
        for attribute, value in vars(load(module)).items()
        if isinstance(value, WorkflowTemplate)
    }
    if not templates:
        raise Failure(
            f"the module {module} has no workflow",
            code=ExitCode.INVALID_WORKFLOW_MODULE,
            hint="mark a function with `@sdk.workflow`",
        )
    if name is None:
        return choose("Workflow definition", templates, instead=instead)
    if name not in templates:
        raise Failure(
            f"the module {module} has no workflow {name!r}",
            code=ExitCode.UNKNOWN,
            hint=f"it has: {', '.join(sorted(templates))}",
        )
    return templates[name]
