"""`orq wf view`."""

from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.options import config_option, json_option, run_id_argument

if TYPE_CHECKING:
    from orquestra.sdk.schema.workflow_run import TaskRun, WorkflowRun


@click.command()
@run_id_argument
@config_option
@json_option
def view(run_id: str | None, config: str | None, as_json: bool) -> None:
    """Show the state of a run and of its tasks, and why something failed."""
    from orquestra.cli.logins import find_run
    from orquestra.cli.printing import print_json

    document = describe(find_run(run_id, config=config).get_status_model())
    if as_json:
        print_json(document)
    else:
        _print(document)


def describe(run: "WorkflowRun") -> dict[str, Any]:
    """The document that is shown; tasks come in the order in which they started."""
    from orquestra.cli import printing

    tasks = [_describe_task(run, task) for task in sorted(run.task_runs, key=_start)]
    return {
        "run_id": run.id,
        "workflow": run.workflow_def.name,
        "state": run.status.state.value,
        "message": run.message,
        "warnings": list(run.warnings),
        "start_time": printing.as_json(run.status.start_time),
        "end_time": printing.as_json(run.status.end_time),
        "succeeded_tasks": sum(task["state"] == "SUCCEEDED" for task in tasks),
        "total_tasks": len(run.workflow_def.task_invocations),
        "tasks": tasks,
    }


def _start(task: "TaskRun") -> float:
    # One that has used an earlier result has an end only.
    moment = task.status.start_time or task.status.end_time
    return moment.timestamp() if moment else float("inf")


def _describe_task(run: "WorkflowRun", task: "TaskRun") -> dict[str, Any]:
    from orquestra.cli import printing
    from orquestra.cli.workflow.functions import function_name

    return {
        "function": function_name(run.workflow_def, task.invocation_id),
        "invocation_id": task.invocation_id,
        "state": task.status.state.value,
        "message": task.message,
        "start_time": printing.as_json(task.status.start_time),
        "end_time": printing.as_json(task.status.end_time),
    }


def _print(document: dict[str, Any]) -> None:
    from orquestra.cli import printing

    facts = {
        "Workflow Def Name": document["workflow"],
        "Run ID": document["run_id"],
        "Status": document["state"],
        "Start Time": printing.local_time(document["start_time"]),
        "End Time": printing.local_time(document["end_time"]),
        "Succeeded Tasks": f"{document['succeeded_tasks']} / {document['total_tasks']}",
    }
    if document["message"]:
        facts["Message"] = document["message"]
    for number, warning in enumerate(document["warnings"], start=1):
        facts[f"Warning {number}"] = warning
    printing.print_rule("Workflow Overview")
    printing.print_facts(facts)
    printing.print_rule("Task Details")
    _print_tasks(document["tasks"])


def _print_tasks(tasks: list[dict[str, Any]]) -> None:
    from orquestra.cli import printing

    has_room = printing.width() >= printing.ROOM_FOR_ALL
    shown_time = printing.local_time if has_room else printing.local_clock
    columns = ["Function", "Invocation ID", "Status", "Start Time", "End Time"]
    rows = [
        [
            task["function"],
            task["invocation_id"],
            task["state"],
            shown_time(task["start_time"]),
            shown_time(task["end_time"]),
        ]
        for task in tasks
    ]
    if has_room:
        columns.append("Message")
        for row, task in zip(rows, tasks, strict=True):
            row.append(task["message"] or "")
    printing.print_table(columns, rows, whole="Invocation ID")
    if not has_room:
        _print_messages(tasks)


def _print_messages(tasks: list[dict[str, Any]]) -> None:
    for task in tasks:
        if task["message"]:
            click.echo(f"{click.style(task['invocation_id'], bold=True)}: {task['message']}")
