"""What went wrong, as a person reads it: an `error:` line, a `hint:` line, an exit code."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import click

from orquestra.cli.exit_codes import ExitCode
from orquestra.sdk import exceptions as sdk

_SHOWN_FRAMES = 5


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """How errors of some classes are reported. The first rule that fits counts."""

    errors: tuple[type[Exception], ...]
    code: ExitCode
    hint: str | None = None


_RULES = (
    _Rule(
        errors=(sdk.ConfigFileNotFoundError, sdk.ConfigNameNotFoundError),
        code=ExitCode.USAGE,
        hint="`orq login --list` shows what is saved",
    ),
    _Rule(errors=(sdk.RuntimeConfigError, sdk.NoOptionsAvailableError), code=ExitCode.USAGE),
    _Rule(errors=(sdk.QERemoved, sdk.LoginURLUnavailableError), code=ExitCode.NO_CONNECTION),
    _Rule(errors=(sdk.LocalConfigLoginError,), code=ExitCode.LOCAL_LOGIN),
    _Rule(errors=(sdk.InProcessFromCLIError, sdk.UserCancelledPrompt), code=ExitCode.CANCELLED),
    _Rule(
        errors=(sdk.UnauthorizedError, sdk.ExpiredTokenError, sdk.InvalidTokenError),
        code=ExitCode.UNAUTHORIZED,
    ),
    _Rule(
        errors=(sdk.RemoteConnectionError,),
        code=ExitCode.NO_CONNECTION,
        hint="`orq login --list` shows the saved addresses, `orq engine serve` starts an engine",
    ),
    _Rule(errors=(sdk.RayNotRunningError,), code=ExitCode.NO_CONNECTION),
    _Rule(
        errors=(sdk.WorkflowDefinitionModuleNotFound, sdk.NoWorkflowDefinitionsFound),
        code=ExitCode.INVALID_WORKFLOW_MODULE,
    ),
    _Rule(
        errors=(sdk.WorkflowSyntaxError, sdk.FutureNotAValueError, sdk.InvalidTaskDefinitionError),
        code=ExitCode.INVALID_WORKFLOW,
    ),
    _Rule(errors=(sdk.WorkflowRunNotStarted,), code=ExitCode.INVALID_WORKFLOW_RUN),
    _Rule(
        errors=(sdk.WorkflowRunNotFinished, sdk.WorkflowRunNotSucceeded),
        code=ExitCode.INVALID_WORKFLOW_RUN,
        hint="`orq wf view <run id>` shows its tasks and what went wrong",
    ),
    _Rule(errors=(sdk.WorkflowResultsNotReadyError,), code=ExitCode.INVALID_WORKFLOW_RUN),
    _Rule(
        errors=(sdk.ProjectInvalidError,),
        code=ExitCode.UNKNOWN,
        hint="`orq workspace list` and `orq project list` show those that you may use",
    ),
    _Rule(
        errors=(sdk.WorkflowRunNotFoundError,),
        code=ExitCode.UNKNOWN,
        hint="`orq wf list` shows your runs; without `-c`, all saved logins are asked for it",
    ),
    _Rule(errors=(sdk.OrquestraError,), code=ExitCode.UNKNOWN),
)


class Failure(click.ClickException):
    """The end of a command that could not do what it was asked to."""

    def __init__(self, message: str, *, code: ExitCode, hint: str | None = None) -> None:
        super().__init__(message)
        self.exit_code = int(code)  # type: ignore[misc]  # click reads it from the instance
        self.hint = hint
        self.details: list[str] = []

    @classmethod
    def of(cls, error: Exception) -> Self:
        """How an error is reported; one that nobody expected comes with its last frames."""
        error = only_error(error)
        if isinstance(error, OSError) and error.filename:
            return cls(f"{error.filename} cannot be used: {error.strerror}", code=ExitCode.FAILED)
        for rule in _RULES:
            if isinstance(error, rule.errors):
                return cls(_sentence(error), code=rule.code, hint=rule.hint)
        if isinstance(error, OSError):  # of the environment: a full disk, a variable
            return cls(error.strerror or str(error), code=ExitCode.FAILED)
        if isinstance(error, UnicodeEncodeError):
            return cls(
                f"the answer cannot be written in the encoding {error.encoding}",
                code=ExitCode.FAILED,
                hint="let standard output take all characters: PYTHONIOENCODING=utf-8",
            )
        return cls._unexpected(error)

    @classmethod
    def _unexpected(cls, error: Exception) -> Self:
        failure = cls(
            f"something unexpected happened: {type(error).__name__}: {error}",
            code=ExitCode.UNKNOWN,
            hint="this is a defect of Orquestra; please report it with the lines above and the "
            "output of `orq --version`",
        )
        frames = traceback.extract_tb(error.__traceback__)[-_SHOWN_FRAMES:]
        failure.details = [
            f"  at {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames
        ]
        return failure

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it to standard error."""
        # The context is gone by now: what it said of colours was kept by click's class.
        color = self.show_color
        click.secho("error: ", fg="red", nl=False, err=True, file=file, color=color)
        click.echo(self.message, err=True, file=file)
        for line in self.details:
            click.echo(line, err=True, file=file)
        if self.hint:
            click.secho("hint: ", fg="cyan", nl=False, err=True, file=file, color=color)
            click.echo(self.hint, err=True, file=file)


def only_error(error: Exception) -> Exception:
    """The error itself; the only one of a group, however deep, in the group's place."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _sentence(error: Exception) -> str:
    return str(getattr(error, "message", None) or error)
