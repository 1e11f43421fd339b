"""Errors and warnings of the SDK.

    Exception
    ├── OrquestraError                               root of all errors of the SDK
    │   ├── WorkflowSyntaxError                      a workflow that cannot be built or sent
    │   │   ├── FutureOperationError                 a future used as if it were its result
    │   │   ├── InvalidPlaceholderInCustomTaskNameError  a custom name with an unknown placeholder
    │   │   ├── NoRemoteRepo                         a git repository that nobody else can reach
    │   │   └── NotGitRepo                           a folder that is in no git repository
    │   ├── FutureNotAValueError                     a future copied or pickled like a value
    │   ├── RayNotRunningError                       the local runtime is not running
    │   └── BaseRuntimeError                         everything that goes wrong at run time
    │       ├── NotFoundError                        what was asked for does not exist
    │       │   ├── EnvVarNotFoundError              an environment variable that is needed
    │       │   ├── WorkflowDefinitionModuleNotFound no such module to take workflows from
    │       │   ├── NoWorkflowDefinitionsFound       a module without workflows
    │       │   ├── TaskInvocationNotFoundError      no such invocation in the workflow
    │       │   ├── TaskRunLogsNotFound              a task has no logs (yet)
    │       │   ├── TaskRunNotFound                  a task run has no such output (yet)
    │       │   ├── WorkflowResultsNotReadyError     succeeded, but the results are not stored yet
    │       │   ├── WorkflowRunNotFoundError         no such workflow run
    │       │   │   └── WorkflowRunNotStarted        the Compute Engine refused the run
    │       │   ├── RuntimeQuerySummaryError         no runtime knows the workflow run
    │       │   ├── WorkflowRunIDNotFoundError       no task runs here, so there are no ids
    │       │   ├── NoOptionsAvailableError          there is nothing to choose from
    │       │   └── InProcessFromCLIError            in-process runs do not outlive a command
    │       ├── UserTaskFailedError                  the user's own code failed in a task
    │       ├── ConfigFileNotFoundError              no configuration has been saved yet
    │       ├── ConfigNameNotFoundError              no configuration of that name
    │       ├── RuntimeConfigError                   a configuration that cannot be used
    │       ├── LocalConfigLoginError                a login asked for where none is needed
    │       ├── QERemoved                            a configuration of Quantum Engine
    │       ├── InvalidWorkflowDefinitionError       a workflow that can never run
    │       ├── InvalidTaskDefinitionError           a task that can never run
    │       ├── InvalidWorkflowRunLogsError          a log archive that cannot be read
    │       ├── PackagingError                       a Python package that is not installed
    │       ├── ValueNotReadableError                a result that this machine cannot read
    │       ├── WorkflowRunNotFinished               asked for results too early
    │       ├── WorkflowRunNotSucceeded              asked for results of a failed run
    │       ├── WorkflowRunCanNotBeTerminated        a run that does not let itself be stopped
    │       ├── UnauthorizedError                    no login, or one without the right
    │       ├── ExpiredTokenError                    a login that has run out
    │       ├── InvalidTokenError                    a token that is none
    │       ├── RemoteConnectionError                the Compute Engine cannot be reached
    │       ├── RayActorNameClashError               two parts of a run want the same name
    │       ├── UserCancelledPrompt                  a question that was not answered
    │       ├── LoginURLUnavailableError             no place to log in at
    │       ├── ProjectInvalidError                  workspace and project do not fit together
    │       └── WorkspacesNotSupportedError          a runtime that has no workspaces
    └── Warning                                      (said, never raised)
        ├── VersionMismatch                          a workflow of another release of the SDK
        ├── DirtyGitRepo                             changes that are not where tasks get code from
        ├── NodesInTaskResourcesWarning              `nodes` asked for on a task
        ├── OrquestraSDKVersionMismatchWarning       tasks with another release of the SDK
        ├── UnsupportedRuntimeFeature                a request that this runtime does not honour
        ├── IgnoredFieldWarning                      a request that no runtime honours
        ├── NotATaskWarning                          a workflow that calls what is no task
        └── UnknownPlaceholderInCustomNameWarning    a custom name with a value not known yet

Names, bases and attributes are those of release 1.1, under a root of their own. Everything here
survives pickling. Some of them only that release raises; they are there for programs that catch
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from orquestra.sdk.user_warnings import DirtyGitRepo as DirtyGitRepo
from orquestra.sdk.user_warnings import IgnoredFieldWarning as IgnoredFieldWarning
from orquestra.sdk.user_warnings import NodesInTaskResourcesWarning as NodesInTaskResourcesWarning
from orquestra.sdk.user_warnings import NotATaskWarning as NotATaskWarning
from orquestra.sdk.user_warnings import (
    OrquestraSDKVersionMismatchWarning as OrquestraSDKVersionMismatchWarning,
)
from orquestra.sdk.user_warnings import (
    UnknownPlaceholderInCustomNameWarning as UnknownPlaceholderInCustomNameWarning,
)
from orquestra.sdk.user_warnings import UnsupportedRuntimeFeature as UnsupportedRuntimeFeature
from orquestra.sdk.user_warnings import VersionMismatch as VersionMismatch

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


class FutureOperationError(WorkflowSyntaxError, TypeError):
    """A future was used as if it were its result: compared, added, branched on, iterated."""


class InvalidPlaceholderInCustomTaskNameError(WorkflowSyntaxError):
    """A custom name with a placeholder that is no parameter of the function."""


class NoRemoteRepo(WorkflowSyntaxError):
    """A git repository without a remote one that tasks could get their code from."""


class NotGitRepo(WorkflowSyntaxError):
    """A folder that is in no git repository."""


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

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or "The local runtime is not running. "
            "`orq up` starts it, and `orq status` says what is known about it."
        )


class BaseRuntimeError(OrquestraError):
    """Root of what goes wrong at run time."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(BaseRuntimeError):
    """What was asked for does not exist."""


class EnvVarNotFoundError(NotFoundError):
    """An environment variable that is needed is not set."""

    def __init__(self, msg: str, var_name: str) -> None:
        super().__init__(msg)
        self.var_name = var_name


class WorkflowDefinitionModuleNotFound(NotFoundError):
    """There is no such module to take workflows from."""

    def __init__(self, module_name: str, sys_path: Sequence[str]) -> None:
        super().__init__(
            f"There is no module {module_name!r} in: {', '.join(sys_path) or '(nowhere)'}. "
            "Start in the folder that holds it."
        )
        self.module_name = module_name
        self.sys_path = list(sys_path)


class NoWorkflowDefinitionsFound(NotFoundError):
    """The module defines no workflows."""

    def __init__(self, module_name: str) -> None:
        super().__init__(
            f"The module {module_name!r} defines no workflow. Decorate a function with "
            "@sdk.workflow."
        )
        self.module_name = module_name


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


class RuntimeQuerySummaryError(NotFoundError):
    """None of the configured runtimes knows the workflow run, as far as they could be asked."""

    @dataclass(frozen=True)
    class RuntimeInfo:
        """A runtime that was asked."""

        runtime_name: str
        config_name: str | None
        server_uri: str | None

        def __str__(self) -> str:
            name = self.config_name or self.runtime_name
            return f"{name} ({self.server_uri})" if self.server_uri else name

    def __init__(
        self,
        wf_run_id: str,
        not_found_runtimes: list[RuntimeInfo],
        unauthorized_runtimes: list[RuntimeInfo],
        not_running_runtimes: list[RuntimeInfo],
    ) -> None:
        answers = {
            "do not know it": not_found_runtimes,
            "could not be asked with the saved login": unauthorized_runtimes,
            "are not running": not_running_runtimes,
        }
        told = [f"{', '.join(map(str, who))}: {what}" for what, who in answers.items() if who]
        super().__init__(
            f"The run {wf_run_id!r} was not found. {'; '.join(told) or 'Nothing was asked'}. "
            "Say on which configuration it is, or log in again: `orq login -s URL -t TOKEN`."
        )
        self.wf_run_id = wf_run_id
        self.not_found_runtimes = not_found_runtimes
        self.unauthorized_runtimes = unauthorized_runtimes
        self.not_running_runtimes = not_running_runtimes


class WorkflowRunIDNotFoundError(NotFoundError):
    """No task runs here, so there are no ids to tell."""


class NoOptionsAvailableError(NotFoundError):
    """There is nothing to choose from."""


class InProcessFromCLIError(NotFoundError):
    """Runs in the process of a program do not outlive it, so no command can find them."""


class UserTaskFailedError(BaseRuntimeError):
    """The user's own code failed in a task; its error is the cause of this one."""

    def __init__(self, msg: str, wf_run_id: str = "", task_inv_id: str = "") -> None:
        super().__init__(msg)
        self.wf_run_id = wf_run_id
        self.task_inv_id = task_inv_id


class ConfigFileNotFoundError(BaseRuntimeError):
    """No configuration has been saved yet."""


class ConfigNameNotFoundError(BaseRuntimeError):
    """No configuration of that name."""


class RuntimeConfigError(BaseRuntimeError):
    """A configuration that cannot be used."""


class LocalConfigLoginError(BaseRuntimeError):
    """A login was asked for on a local runtime, which needs none."""


class QERemoved(BaseRuntimeError):
    """A saved configuration is of Quantum Engine, which is no more."""


class InvalidWorkflowDefinitionError(BaseRuntimeError):
    """A workflow that can never run."""


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


class WorkflowRunCanNotBeTerminated(BaseRuntimeError):
    """A run that does not let itself be stopped."""


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


class RayActorNameClashError(BaseRuntimeError):
    """Two parts of a run want the same name."""


class UserCancelledPrompt(BaseRuntimeError):
    """A question that was not answered."""


class LoginURLUnavailableError(BaseRuntimeError):
    """The Compute Engine at `base_uri` names no place to log in at."""

    def __init__(self, base_uri: str) -> None:
        super().__init__(
            f"The Compute Engine at {base_uri} names no place to log in at. Get a token from its "
            f"administrator and save it: `orq login -s {base_uri} -t TOKEN`."
        )
        self.base_uri = base_uri


class ProjectInvalidError(BaseRuntimeError):
    """Workspace and project do not fit together, or this login may not use them."""


class WorkspacesNotSupportedError(BaseRuntimeError):
    """Workspaces and projects were asked for on a runtime that has none."""
