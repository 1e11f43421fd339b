"""`orq task logs`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orquestra.cli.options import download_option, json_option
from orquestra.cli.task.options import task_options

if TYPE_CHECKING:
    from orquestra.cli.task.invocations import Invocation
    from orquestra.sdk import LogOutput


@click.command()
@task_options
@download_option
@json_option
def logs(
    run_id: str | None,
    function_name: str | None,
    invocation_id: str | None,
    config: str | None,
    download_dir: Path | None,
    as_json: bool,
) -> None:
    """Show or save what a task printed so far."""
    from orquestra.cli import log_output, printing
    from orquestra.cli.task.invocations import find_invocation

    found = find_invocation(
        run_id, function_name=function_name, invocation_id=invocation_id, config=config
    )
    run_id = found.run.run_id
    lines = log_output.streams(_output(found))
    document: dict[str, object] = {"run_id": run_id, "invocation_id": found.id, "logs": lines}
    if download_dir is not None:
        texts = {stream: log_output.text_of(lines[stream]) for stream in lines}
        saved = log_output.save_text(texts, folder=download_dir, name=run_id)
        document["logs"] = saved
    if as_json:
        printing.print_json(document)
    elif download_dir is not None:
        for path in saved.values():
            click.echo(f"Workflow logs saved at {path}")
    elif any(lines.values()):
        log_output.print_streams(lines, title=found.id)
    else:
        click.echo(f"The task invocation {found.id} has printed nothing (yet).", err=True)


def _output(found: "Invocation") -> "LogOutput":
    from orquestra.sdk import LogOutput
    from orquestra.sdk.exceptions import TaskRunLogsNotFound
    from orquestra.sdk.runs.run_search import connect

    try:
        return connect(found.run.config).task_logs(found.run.run_id, invocation_id=found.id)
    except TaskRunLogsNotFound:
        return LogOutput()
