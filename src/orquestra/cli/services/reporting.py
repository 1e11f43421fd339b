"""What is known of the local engine, as the commands show it."""

from pathlib import Path
from typing import Any

import click

from orquestra.cli import printing
from orquestra.cli.services import readiness
from orquestra.cli.services.starting import log_path
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.local_engine import LocalEngineFile

RUNNING, NOT_RUNNING, NOT_ANSWERING = "Running", "Not Running", "Not Answering"


def describe(data: Path) -> dict[str, Any]:
    """The document that is shown: `state`, and of a running engine where it is and what it does."""
    file = local_engine.find(data)
    if file is None:
        pid = local_engine.holder(data)
        state = NOT_RUNNING if pid is None else NOT_ANSWERING
        return {"service": "Local engine", "state": state, "pid": pid, "data": str(data)}
    return describe_running(file, data=data)


def describe_running(file: LocalEngineFile, *, data: Path) -> dict[str, Any]:
    """The document of an engine that answers."""
    return {
        "service": "Local engine",
        "state": RUNNING,
        "url": file.url,
        "pid": file.pid,
        "version": file.version,
        "cluster": readiness.ask(file).cluster,
        "unfinished_runs": unfinished_runs(file),
        "data": str(data),
        "log": str(log_path(data)),
    }


def unfinished_runs(file: LocalEngineFile) -> list[str]:
    """Ids of the runs that wait or execute."""
    from orquestra.sdk import RuntimeConfig, State
    from orquestra.sdk.runs.run_search import connect

    # Not the local runtime by its name: another data folder than the current one may be meant.
    config = RuntimeConfig.unsaved(name="services", uri=file.url, token=file.token)
    summaries = connect(config).summaries(
        limit=None, max_age=None, states=(State.WAITING, State.RUNNING), workspace_id=None
    )
    return [summary.id for summary in summaries]


def print_row(document: dict[str, Any], *, info: str) -> None:
    """Print the table of services, which has one row."""
    printing.print_table(
        ("Service", "State", "Info"), [(document["service"], document["state"], info)]
    )


def print_unfinished(run_ids: list[str], *, what: str) -> None:
    """Print the runs that are not finished, and what becomes of them."""
    if run_ids:
        word = "run is" if len(run_ids) == 1 else "runs are"
        click.echo(f"{len(run_ids)} {word} not finished, {what}:")
        for run_id in run_ids:
            click.echo(f"  {run_id}")
