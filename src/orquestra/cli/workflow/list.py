"""`orq wf list`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.completion import values
from orquestra.cli.options import config_option, json_option, workspace_option

if TYPE_CHECKING:
    from orquestra.sdk import RuntimeConfig
    from orquestra.sdk.schema.workflow_run import WorkflowRunSummary


@click.command("list")
@config_option
@click.option(
    "-i", "--interactive", is_flag=True, help="Ask for the limit, the age and the states."
)
@click.option("-l", "--limit", type=click.IntRange(min=1), help="Show at most so many runs.")
@click.option("-t", "--max-age", metavar="AGE", help="Show newer runs only, like 3d or 9h32m.")
@click.option(
    "-s",
    "--state",
    "states",
    metavar="STATE",
    multiple=True,
    shell_complete=values.states,
    help="Show runs in this state, like RUNNING or FAILED. May be given several times.",
)
@workspace_option("Show runs of this workspace.")
@json_option
def list_runs(
    *,
    config: str | None,
    interactive: bool,
    limit: int | None,
    max_age: str | None,
    states: tuple[str, ...],
    workspace_id: str | None,
    as_json: bool,
) -> None:
    """List the runs of a workspace, the oldest first."""
    from orquestra.cli.logins import choose
    from orquestra.cli.printing import print_json
    from orquestra.cli.workflow.list_filters import Filters, asked, checked
    from orquestra.cli.workspace_choice import choose_workspace
    from orquestra.sdk import list_workflow_run_summaries

    login = choose(config)
    workspace = choose_workspace(login, workspace_id)
    filters = checked(Filters(limit=limit, max_age=max_age, states=states))
    if interactive:
        filters = asked(filters)
    found = list_workflow_run_summaries(
        login,
        limit=filters.limit,
        max_age=filters.max_age,
        state=filters.known_states(),
        workspace=workspace,
    )
    document = describe(found)
    if as_json:
        print_json(document)
    else:
        _print(document, user=_names_of_user(login))


def describe(found: "Sequence[WorkflowRunSummary]") -> dict[str, Any]:
    """The document that is shown, of runs that are given with the newest first.

    The oldest come first in it, before them the runs that have not started.
    """
    from orquestra.cli.printing import as_json

    oldest_first = reversed(found)  # of runs that started at one time, or have not, that stays
    runs = [
        {
            "run_id": run.id,
            "state": run.status.state.value,
            "succeeded_tasks": run.completed_task_runs,
            "total_tasks": run.total_task_runs,
            "start_time": as_json(run.status.start_time),
            "end_time": as_json(run.status.end_time),
            "owner": run.owner,
        }
        for run in sorted(oldest_first, key=_age)
    ]
    return {"runs": runs}


def _age(run: "WorkflowRunSummary") -> float:
    start = run.status.start_time
    return start.timestamp() if start else float("-inf")


def _print(document: dict[str, Any], *, user: set[str]) -> None:
    from orquestra.cli import printing

    has_room = printing.width() >= printing.ROOM_FOR_ALL
    shown_time = printing.local_time if has_room else printing.local_day_and_clock
    owners = {run["owner"] or "" for run in document["runs"]}
    with_owner = bool(owners - {""} if has_room else owners - {"", *user})
    columns = ["Workflow Run ID", "Status", "Succeeded Tasks", "Start Time"]
    rows = [
        [
            run["run_id"],
            run["state"],
            f"{run['succeeded_tasks']}/{run['total_tasks']}",
            shown_time(run["start_time"]),
            *([run["owner"] or ""] if with_owner else []),
        ]
        for run in document["runs"]
    ]
    columns += ["Owner"] if with_owner else []
    printing.print_table(columns, rows, whole="Workflow Run ID")


def _names_of_user(login: "RuntimeConfig") -> set[str]:
    """Whom a login is of, as far as its token says it."""
    from orquestra.sdk.configuration.tokens import read_claims
    from orquestra.sdk.exceptions import InvalidTokenError

    try:
        claims = read_claims(login.resolved().token)
    except InvalidTokenError:
        return set()
    return {str(claims[name]) for name in ("sub", "email") if name in claims}
