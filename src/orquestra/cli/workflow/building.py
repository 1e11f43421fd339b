"""From a workflow to its definition. This runs the user's workflow function."""

from collections.abc import Sequence
from typing import Any

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.workflow.frames import user_frames
from orquestra.cli.workflow.parameters import bind
from orquestra.sdk import WorkflowTemplate
from orquestra.sdk.exceptions import BaseRuntimeError, WorkflowSyntaxError
from orquestra.sdk.schema import ir

_HINT_ON_EXIT = (
    "a workflow function only says which tasks there are; what ends the program belongs below "
    '`if __name__ == "__main__":`'
)


def build(template: WorkflowTemplate[Any], parameters: Sequence[str] = ()) -> ir.WorkflowDef:
    """The definition of a workflow with its arguments, as `parameters` reads them.

    Raises:
        Failure: the arguments do not fit, or the workflow's function raised an error of its own.
        WorkflowSyntaxError: the workflow cannot be sent.
        BaseRuntimeError: a task can never run.
    """
    arguments = bind(template, parameters)
    try:
        return template(*arguments.args, **arguments.kwargs).model
    except (BaseRuntimeError, WorkflowSyntaxError):
        raise
    except (Exception, SystemExit) as error:  # the user's code can raise anything
        frames = user_frames(error)
        if not frames:
            raise
        failure = Failure(
            f"workflow `{template.__name__}` failed while being built: "
            f"{type(error).__name__}: {error}",
            code=ExitCode.INVALID_WORKFLOW,
            hint=_HINT_ON_EXIT if isinstance(error, SystemExit) else None,
        )
        failure.details = frames
        raise failure from error
