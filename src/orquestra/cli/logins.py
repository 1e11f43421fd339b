"""Which Compute Engine a command talks to, or the local runtime; and which run it is about."""

from orquestra.cli import prompts, runtimes
from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.run_lookup import look_up_run
from orquestra.cli.workspace_choice import choose_workspace
from orquestra.sdk import RuntimeConfig, WorkflowRun, list_workflow_run_summaries
from orquestra.sdk.exceptions import InProcessFromCLIError

_OFFERED_RUNS = 100


def choose(name: str | None) -> RuntimeConfig:
    """The login of that name; without a name the one that is chosen.

    There is nothing to choose where there is only one runtime that can be used. Where nobody can
    be asked, the only saved login is taken even while others can be used: a script goes on working
    when its user starts the local runtime.

    Raises:
        Failure: no name was given, and there is none to take or nobody to ask.
        InProcessFromCLIError: the name is that of no runtime which outlives a command.
    """
    if name is not None:
        return _named(name)
    usable = runtimes.usable()
    if not usable:
        raise Failure(
            "there is no login to use, and the local runtime is not running",
            code=ExitCode.USAGE,
            hint="`orq up` starts the local runtime, `orq login -s <server>` saves a login",
        )
    saved = [each for each in usable if each.is_saved]
    if len(saved) == 1 and not prompts.is_interactive():
        usable = saved
    shown = prompts.labels([(each.name, each.description) for each in usable])
    return RuntimeConfig.load(
        prompts.choose(
            "Runtime config",
            {label: each.name for label, each in zip(shown, usable, strict=True)},
            instead="-c/--config, the name of one of them",
        )
    )


def find_run(run_id: str | None, *, config: str | None) -> WorkflowRun:
    """A run by its id, on the login of that name; without a name, on the first that knows it.

    Without an id it is chosen from those of a workspace.

    Raises:
        Failure: the run was not found, or there is nobody to ask which one is meant.
        WorkflowRunNotFoundError: the login of that name knows no such run.
        InProcessFromCLIError: the name is that of no runtime which outlives a command.
    """
    if run_id is None:
        login = choose(config)
        return WorkflowRun.by_id(_choose_run(login), login)
    return look_up_run(run_id) if config is None else WorkflowRun.by_id(run_id, _named(config))


def _named(name: str) -> RuntimeConfig:
    config = RuntimeConfig.load(name)
    if config.is_in_process:
        raise InProcessFromCLIError(
            f"{name!r} means the process of a program, whose runs end with it. Use `-c local`, or "
            "run the program itself with Python."
        )
    return config


def _choose_run(login: RuntimeConfig) -> str:
    from orquestra.cli.printing import as_json, local_time

    found = list_workflow_run_summaries(
        login,
        limit=_OFFERED_RUNS,
        workspace=choose_workspace(login, instead="RUN_ID, the id of the run"),
    )
    rows = [
        (run.id, local_time(as_json(run.status.start_time)), run.status.state.value)
        for run in found
    ]
    return prompts.choose(
        "Workflow run ID",
        dict(zip(prompts.labels(rows), (run.id for run in found), strict=True)),
        instead="RUN_ID, the id of the run",
        confirm_single=True,
        hint_if_none="`orq wf submit` starts a run",
    )
