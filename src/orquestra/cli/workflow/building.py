"""From a workflow to its definition. This runs the user's workflow function."""

import inspect
from typing import Any

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.workflow.frames import user_frames
from orquestra.sdk import WorkflowTemplate
from orquestra.sdk.exceptions import BaseRuntimeError, WorkflowSyntaxError
from orquestra.sdk.schema import ir


def build(template: WorkflowTemplate[Any]) -> ir.WorkflowDef:
    """The definition of a workflow that needs no arguments.

    Raises:
        Failure: the workflow needs arguments, or its function raised an error of its own.
        WorkflowSyntaxError: the workflow cannot be sent.
        BaseRuntimeError: a task can never run.
    """
    if template.is_parametrized:
        _check_needs_no_arguments(template)
    try:
        return template().model
    except (BaseRuntimeError, WorkflowSyntaxError):
        raise
    except Exception as error:  # the user's code can raise anything
        frames = user_frames(error)
        if not frames:
            raise
        failure = Failure(
            f"workflow `{template.__name__}` failed while being built: "
            f"{type(error).__name__}: {error}",
            code=ExitCode.INVALID_WORKFLOW,
        )
        failure.details = frames
        raise failure from error


def _check_needs_no_arguments(template: WorkflowTemplate[Any]) -> None:
    name, signature = template.__name__, inspect.signature(template)
    try:
        signature.bind()
    except TypeError as error:
        raise Failure(
            f"workflow `{name}` has parameters {signature}, and the command line cannot pass "
            "arguments yet",
            code=ExitCode.INVALID_WORKFLOW,
            hint="move its body to a plain function and call that from a workflow without "
            f'parameters, or run it from Python: `{name}(...).run("<login>")`',
        ) from error
