"""Which Compute Engine a command talks to; or the local runtime."""

import click

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.sdk import RuntimeConfig, WorkflowRun
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.config import LOCAL_NAME, saved_logins
from orquestra.sdk.exceptions import (
    InProcessFromCLIError,
    OrquestraError,
    RuntimeConfigError,
    UnauthorizedError,
    WorkflowRunNotFoundError,
)


def choose(name: str | None) -> RuntimeConfig:
    """The login of that name; without a name the only one that is saved.

    Where none is saved, a local runtime that is running is taken.

    Raises:
        Failure: no name was given, and there is not exactly one to take.
        InProcessFromCLIError: the name is that of no runtime which outlives a command.
    """
    if name is not None:
        return _named(name)
    names = saved_logins() or _running()
    if not names:
        raise _nothing_to_ask()
    if len(names) > 1:
        raise Failure(
            f"{len(names)} logins are saved: {', '.join(names)}",
            code=ExitCode.USAGE,
            hint=f"say which one to use, for example `-c {names[0]}`",
        )
    return RuntimeConfig.load(names[0])


def find_run(run_id: str, *, config: str | None) -> WorkflowRun:
    """A run by its id, on the login of that name; without a name, on the first that knows it.

    The local runtime is asked as well, if it is running.

    Raises:
        Failure: no name was given, and with none of several logins the run was found.
        InProcessFromCLIError: the name is that of no runtime which outlives a command.
    """
    if config is not None:
        return WorkflowRun.by_id(run_id, _named(config))
    names = [*_running(), *saved_logins()]
    if not names:
        raise _nothing_to_ask()
    if len(names) == 1:
        return WorkflowRun.by_id(run_id, names[0])
    answers: dict[str, OrquestraError] = {}
    for login in _usable(names):
        try:
            return WorkflowRun.by_id(run_id, login)
        except OrquestraError as error:
            answers[login.name] = error
    raise _not_found(run_id, answers)


def _named(name: str) -> RuntimeConfig:
    config = RuntimeConfig.load(name)
    if config.is_in_process:
        raise InProcessFromCLIError(
            f"{name!r} means the process of a program, whose runs end with it. Use `-c local`, or "
            "run the program itself with Python."
        )
    return config


def _running() -> list[str]:
    return [LOCAL_NAME] if local_engine.find(local_engine.data_folder()) else []


def _usable(names: list[str]) -> list[RuntimeConfig]:
    """The logins that are complete; of the others a note is printed."""
    logins = []
    for name in names:
        try:
            logins.append(RuntimeConfig.load(name))
        except RuntimeConfigError as error:
            click.echo(f"note: the login {name} is left out: {error}", err=True)
    if not logins:
        raise Failure(
            "none of the saved logins can be used",
            code=ExitCode.USAGE,
            hint="renew one with `orq login -s <server> -t <token>`",
        )
    return logins


def _not_found(run_id: str, answers: dict[str, OrquestraError]) -> Failure:
    unasked = {
        name: error
        for name, error in answers.items()
        if not isinstance(error, WorkflowRunNotFoundError)
    }
    if not unasked:
        message, code = "none of the saved logins knows it", ExitCode.WORKFLOW_RUN_NOT_FOUND
    else:
        message = f"{len(unasked)} of {len(answers)} saved logins could not be asked"
        refused = all(isinstance(error, UnauthorizedError) for error in unasked.values())
        code = ExitCode.UNAUTHORIZED if refused else ExitCode.NO_CONNECTION
    failure = Failure(f"the run {run_id} was not found: {message}", code=code)
    failure.details = [
        f"  {name}: could not be asked: {error}" if name in unasked else f"  {name}: not found"
        for name, error in answers.items()
    ]
    return failure


def _nothing_to_ask() -> Failure:
    return Failure(
        "no login is saved, and the local runtime is not running",
        code=ExitCode.USAGE,
        hint="`orq up` starts the local runtime, `orq login -s <server> -t <token>` saves a login",
    )
