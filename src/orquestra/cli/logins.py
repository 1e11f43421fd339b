"""Which Compute Engine a command talks to."""

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.sdk import RuntimeConfig, WorkflowRun
from orquestra.sdk.exceptions import (
    RemoteConnectionError,
    UnauthorizedError,
    WorkflowRunNotFoundError,
)


def choose(name: str | None) -> RuntimeConfig:
    """The login of that name; without a name the only one that is saved.

    Raises:
        Failure: no name was given, and there is not exactly one to take.
    """
    if name is not None:
        return RuntimeConfig.load(name)
    names = _saved_names()
    if len(names) > 1:
        raise Failure(
            f"{len(names)} logins are saved: {', '.join(names)}",
            code=ExitCode.USAGE,
            hint=f"say which one to use, for example `-c {names[0]}`",
        )
    return RuntimeConfig.load(names[0])


def find_run(run_id: str, *, config: str | None) -> WorkflowRun:
    """A run by its id, on the login of that name; without a name, on the first that knows it.

    Raises:
        Failure: no name was given, and none of several logins knows the run.
    """
    if config is not None:
        return WorkflowRun.by_id(run_id, config)
    names = _saved_names()
    if len(names) == 1:
        return WorkflowRun.by_id(run_id, names[0])
    refusals = []
    for name in names:
        try:
            return WorkflowRun.by_id(run_id, name)
        except (WorkflowRunNotFoundError, UnauthorizedError, RemoteConnectionError) as error:
            refusals.append(f"  {name}: {error}")
    failure = Failure(
        f"none of the {len(names)} saved logins knows the run {run_id}",
        code=ExitCode.WORKFLOW_RUN_NOT_FOUND,
    )
    failure.details = refusals
    raise failure


def _saved_names() -> list[str]:
    names = RuntimeConfig.list_configs()
    if not names:
        raise Failure(
            "no login is saved",
            code=ExitCode.USAGE,
            hint="log in with `orq login -s <server> -t <token>`",
        )
    return names
