"""`orq wf list`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.workflow.options import config_option, json_option

if TYPE_CHECKING:
    from orquestra.sdk.schema.workflow_run import WorkflowRunSummary

_STATES = ("WAITING", "RUNNING", "SUCCEEDED", "TERMINATED", "FAILED", "ERROR", "KILLED")


@click.command("list")
@config_option
@click.option("-l", "--limit", type=click.IntRange(min=1), help="Show at most so many runs.")
@click.option("-t", "--max-age", metavar="AGE", help="Show newer runs only, like 3d or 9h32m.")
@click.option(
    "-s", "--state", "states", type=click.Choice(_STATES), multiple=True, help="Show such runs."
)
@click.option("-w", "--workspace-id", metavar="ID", help="Show runs of this workspace.")
@json_option
def list_runs(
    config: str | None,
    limit: int | None,
    max_age: str | None,
    states: tuple[str, ...],
    workspace_id: str | None,
    as_json: bool,
) -> None:
    """List your workflow runs, the oldest first."""
    from orquestra.cli.logins import choose
    from orquestra.cli.printing import print_json
    from orquestra.sdk import State, list_workflow_run_summaries

    chosen = choose(config)
    try:
        found = list_workflow_run_summaries(
            chosen,
            limit=limit,
            max_age=max_age,
            state=[State(name) for name in states] or None,
            workspace=workspace_id,
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--max-age") from error
    document = describe(found)
    if as_json:
        print_json(document)
    else:
        _print(document)


def describe(found: "Sequence[WorkflowRunSummary]") -> dict[str, Any]:
    """The document that is shown; runs that have not started come first."""
    from orquestra.cli.printing import as_json

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
        for run in sorted(found, key=_age)
    ]
    return {"runs": runs}


def _age(run: "WorkflowRunSummary") -> float:
    start = run.status.start_time
    return start.timestamp() if start else float("-inf")


def _print(document: dict[str, Any]) -> None:
    from orquestra.cli import printing

    with_owner = any(run["owner"] for run in document["runs"])
    columns = ["Workflow Run ID", "Status", "Succeeded Tasks", "Start Time"]
    rows = [
        [
            run["run_id"],
            run["state"],
            f"{run['succeeded_tasks']}/{run['total_tasks']}",
            printing.local_time(run["start_time"]),
            *([run["owner"] or ""] if with_owner else []),
        ]
        for run in document["runs"]
    ]
    printing.print_table([*columns, *(["Owner"] if with_owner else [])], rows)
