"""Errors and warnings of the SDK.

    Exception
    ├── OrquestraError                               root of all errors of the SDK
    │   ├── WorkflowSyntaxError                      a workflow that cannot be built or sent
    │   │   └── InvalidPlaceholderInCustomTaskNameError  a custom name with an unknown placeholder
    │   ├── FutureNotAValueError                     a future copied or pickled like a value
    │   ├── RayNotRunningError                       the local runtime is not running
    │   └── BaseRuntimeError                         everything that goes wrong at run time
    │       ├── NotFoundError                        what was asked for does not exist
    │       │   ├── TaskInvocationNotFoundError      no such invocation in the workflow
    │       │   ├── TaskRunLogsNotFound              a task has no logs (yet)
    │       │   ├── TaskRunNotFound                  a task run has no such output (yet)
    │       │   ├── WorkflowResultsNotReadyError     succeeded, but the results are not stored yet
    │       │   └── WorkflowRunNotFoundError         no such workflow run
    │       │       └── WorkflowRunNotStarted        the Compute Engine refused the run
    │       ├── ConfigFileNotFoundError              no configuration has been saved yet
    │       ├── ConfigNameNotFoundError              no configuration of that name
    │       ├── RuntimeConfigError                   a configuration that cannot be used
    │       ├── InvalidTaskDefinitionError           a task that can never run
    │       ├── InvalidWorkflowRunLogsError          a log archive that cannot be read
    │       ├── PackagingError                       a Python package that is not installed
    │       ├── ValueNotReadableError                a result that this machine cannot read
    │       ├── WorkflowRunNotFinished               asked for results too early
    │       ├── WorkflowRunNotSucceeded              asked for results of a failed run
    │       ├── UnauthorizedError                    no login, or one without the right
    │       ├── ExpiredTokenError                    a login that has run out
    │       ├── InvalidTokenError                    a token that is none
    │       ├── RemoteConnectionError                the Compute Engine cannot be reached
    │       └── ProjectInvalidError                  workspace and project do not fit together
    └── Warning                                      (said, never raised)
        ├── IgnoredFieldWarning                      a request that no runtime honours
        ├── NodesInTaskResourcesWarning              `nodes` asked for on a task
        └── UnknownPlaceholderInCustomNameWarning    a custom name with a value not known yet

Names and attributes are those of release 1.1, under a root of their own. Every error survives
pickling.
"""

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from orquestra.sdk.schema.workflow_run import State


class OrquestraError(Exception):
    """Root of all errors of the SDK."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Not through __init__: subclasses take other arguments than those kept in `args`.
        return _revive, (type(self), self.args), self.__dict__

    @classmethod
    def _blank(cls, args: tuple[Any, ...]) -> Self:
        error = cls.__new__(cls)
        error.args = args
        return error


def _revive(cls: type[OrquestraError], args: tuple[Any, ...]) -> OrquestraError:
    return cls._blank(args)


class WorkflowSyntaxError(OrquestraError):
    """A workflow that cannot be built or sent."""

    def __init__(self, msg: str) -> None:
        super().__init__(msg)
        self.msg = msg


class InvalidPlaceholderInCustomTaskNameError(WorkflowSyntaxError):
    """A custom name with a placeholder that is no parameter of the function."""


class FutureNotAValueError(OrquestraError, NotImplementedError):
    """A future was about to be copied or pickled as if it were its result."""

    def __init__(self, task_name: str) -> None:
        super().__init__(
            f"The result of task `{task_name}` does not exist yet while the workflow is being "
            "built, so it cannot be copied or be part of another value. Pass it to a task as an "
            "argument of its own; a small task can put several results together."
        )
        self.task_name = task_name


class RayNotRunningError(OrquestraError, ConnectionError):
    """The local runtime is not running. The name is that of release 1.1."""

    def __init__(self) -> None:
        super().__init__(
            "The local runtime is not running. "
            "`orq up` starts it, and `orq status` says what is known about it."
        )


class BaseRuntimeError(OrquestraError):
    """Root of what goes wrong at run time."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(BaseRuntimeError):
    """What was asked for does not exist."""


class TaskInvocationNotFoundError(NotFoundError):
    """No such invocation in the workflow."""

    def __init__(self, invocation_id: str) -> None:
        super().__init__(f"The workflow has no task invocation {invocation_id!r}")
        self.invocation_id = invocation_id


class TaskRunLogsNotFound(NotFoundError):
    """A task has no logs (yet)."""

    def __init__(self, wf_run_id: str, task_inv_id: str) -> None:
        super().__init__(
            f"There are no logs of task invocation {task_inv_id!r} in run {wf_run_id!r} (yet)"
        )
        self.wf_run_id = wf_run_id
        self.task_inv_id = task_inv_id


class TaskRunNotFound(NotFoundError):
    """A task run has no such output (yet)."""


class WorkflowResultsNotReadyError(NotFoundError):
    """The run has succeeded, but its results are not stored yet."""


class WorkflowRunNotFoundError(NotFoundError):
    """No such workflow run."""


class WorkflowRunNotStarted(WorkflowRunNotFoundError):
    """The Compute Engine refused the run; the message has its reason."""


class ConfigFileNotFoundError(BaseRuntimeError):
    """No configuration has been saved yet."""


class ConfigNameNotFoundError(BaseRuntimeError):
    """No configuration of that name."""


class RuntimeConfigError(BaseRuntimeError):
    """A configuration that cannot be used."""


class InvalidTaskDefinitionError(BaseRuntimeError):
    """A task that can never run."""


class InvalidWorkflowRunLogsError(BaseRuntimeError):
    """A log archive that cannot be read."""


class PackagingError(BaseRuntimeError):
    """A Python package that is not installed. Public name: `orquestra.sdk.packaging`."""


class ValueNotReadableError(BaseRuntimeError):
    """A result that this machine cannot read, mostly for want of a package."""


class WorkflowRunNotFinished(BaseRuntimeError):
    """The results were asked for before the run had finished."""

    def __init__(self, message: str, state: "State") -> None:
        super().__init__(message)
        self.state = state


class WorkflowRunNotSucceeded(BaseRuntimeError):
    """The results were asked for of a run that has not succeeded."""

    def __init__(self, message: str, state: "State") -> None:
        super().__init__(message)
        self.state = state


class UnauthorizedError(BaseRuntimeError):
    """No login, or one without the right."""


class ExpiredTokenError(BaseRuntimeError):
    """A login that has run out."""


class InvalidTokenError(BaseRuntimeError):
    """A token that is none."""


class RemoteConnectionError(BaseRuntimeError):
    """The Compute Engine at `uri` cannot be reached."""

    def __init__(self, uri: str) -> None:
        super().__init__(
            f"The Compute Engine at {uri} cannot be reached. "
            "Check that it runs and that the address is right."
        )
        self.uri = uri


class ProjectInvalidError(BaseRuntimeError):
    """Workspace and project do not fit together, or this login may not use them."""


class IgnoredFieldWarning(Warning):
    """A request that no runtime honours."""


class NodesInTaskResourcesWarning(Warning):
    """`nodes` was asked for on a task, where it has no meaning."""


class UnknownPlaceholderInCustomNameWarning(Warning):
    """A custom name mentions a value that is known only at run time."""
