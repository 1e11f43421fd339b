"""`orq wf submit`."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.completion import values
from orquestra.cli.options import (
    config_option,
    json_option,
    parameters_option,
    project_option,
    workspace_option,
)

if TYPE_CHECKING:
    from orquestra.cli.failures import Failure
    from orquestra.sdk import WorkflowRun

_UNSUPPORTED = re.compile(
    r"Unsupported SDK version: (?P<given>\S*?)\. Supported SDK versions: \[(?P<known>[^]]*)\]"
)


@click.command()
@click.argument("module", metavar="MODULE", required=False, shell_complete=values.files)
@click.argument("name", required=False, shell_complete=values.workflows)
@config_option
@workspace_option("Workspace that the run belongs to.")
@project_option
@parameters_option
@click.option(
    "--force",
    metavar="YES",
    is_flag=False,
    flag_value="yes",
    help="`--force yes`: do not ask whether changes may be missing that are not committed.",
)
@click.option("--dry-run", is_flag=True, help="Do everything but run the code of the tasks.")
@json_option
def submit(module: str | None, name: str | None, *, as_json: bool, **options: Any) -> None:
    """Run the workflow NAME of MODULE, a dotted name or a path of a Python file.

    What is left out is asked for, unless there is only one to choose from.
    """
    from orquestra.cli.printing import print_json

    module = _checked_module(module, force=options["force"])
    # What the module prints is no part of the document.
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        run = _submit(module, name=name, **options)
    for warning in run.get_status_model().warnings:
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        print_json({"run_id": run.run_id, "config": run.config.name})
    else:
        click.secho("Workflow Submitted!", fg="green", nl=False)
        click.echo(" Run ID: " + click.style(run.run_id, bold=True))


def _checked_module(module: str | None, *, force: str | None) -> str:
    """The module; in release 1.1 `--force` has a value, so that it may have taken the module."""
    if force and (module is None or force.endswith(".py")):
        raise click.UsageError(
            f"--force has taken {force!r} as its value. Write `--force yes`, or --force at the end."
        )
    if module is None:
        raise click.UsageError("Missing argument 'MODULE'.")
    return module


def _submit(
    module: str,
    *,
    name: str | None,
    config: str | None,
    workspace_id: str | None,
    project_id: str | None,
    parameters: tuple[str, ...],
    force: str | None,
    dry_run: bool,
) -> "WorkflowRun":
    from orquestra.cli.logins import choose
    from orquestra.cli.printing import working
    from orquestra.cli.workflow.building import build
    from orquestra.cli.workflow.modules import find_workflow
    from orquestra.cli.workspace_choice import choose_project, choose_workspace
    from orquestra.sdk import WorkflowRun
    from orquestra.sdk.exceptions import WorkflowRunNotStarted

    login = choose(config)
    workspace = choose_workspace(login, workspace_id)
    project = choose_project(login, project_id, workspace_id=workspace)
    template = find_workflow(module, name=name)
    with _asking_about_changes(force=bool(force)):
        definition = build(template, parameters)
    try:
        with working("Submitting the workflow"):
            return WorkflowRun.start_from_ir(
                definition, login, workspace_id=workspace, project_id=project, dry_run=dry_run
            )
    except WorkflowRunNotStarted as error:
        raise _refusal(error) from error


@contextmanager
def _asking_about_changes(*, force: bool) -> Iterator[None]:
    """Show what the SDK warns of; ask whether to go on where tasks would lack changes of a user."""
    from orquestra.cli.prompts import confirm
    from orquestra.sdk.exceptions import DirtyGitRepo

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DirtyGitRepo)
            yield
    finally:
        for warning in caught:
            click.echo(f"warning: {warning.message}", err=True)
    if force or not any(issubclass(warning.category, DirtyGitRepo) for warning in caught):
        return
    question = (
        "One of the tasks is defined in a repo with uncommitted local changes. "
        "Submit the workflow anyway?"
    )
    if not confirm(question, default=False, instead="--force yes"):
        click.echo("Nothing was submitted.", err=True)
        raise click.exceptions.Exit(0)


def _refusal(error: Exception) -> "Failure":
    """Why the run was refused; a release that the engine does not know is told how to update."""
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure

    found = _UNSUPPORTED.search(str(error))
    if found is None:
        return Failure.of(error)
    failure = Failure(
        "the Compute Engine does not support this release of orquestra-sdk",
        code=ExitCode.INVALID_WORKFLOW_RUN,
        hint='update it with `pip install -U "orquestra-sdk[all]"`',
    )
    known = filter(None, found["known"].split(","))
    failure.details = [
        f"  Current version: {found['given'] or 'unknown'}",
        f"  Supported versions: {', '.join(known) or 'unknown'}",
    ]
    return failure
