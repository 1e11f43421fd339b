"""`orq wf watch`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.exit_codes import INTERRUPTED
from orquestra.cli.options import config_option, run_id_argument

if TYPE_CHECKING:
    from orquestra.sdk import WorkflowRun
    from orquestra.sdk.runs.live import OnOutage, RunSnapshot

Show = Callable[["RunSnapshot"], None]


@click.command()
@run_id_argument
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document for each change.")
def watch(run_id: str | None, config: str | None, as_json: bool) -> None:
    """Show the tasks and nodes of a run as they change, until it is over.

    In a terminal this is a table, elsewhere a line for each change. It ends like the run: with
    exit code 0 where that has succeeded, 9 where it has not, and 130 after Ctrl-C, which leaves
    the run alone.
    """
    from orquestra.cli.logins import find_run

    run = find_run(run_id, config=config)
    last: RunSnapshot | None = None
    try:
        with _opened(run, as_json=as_json) as (show, tell_outage):
            for last in run.watch(on_outage=tell_outage):
                show(last)
    except KeyboardInterrupt:
        click.echo(f"\nThe run {run.run_id} goes on.", err=True)
        sys.exit(INTERRUPTED)
    if last is not None:
        _check_success(run.run_id, last)


@contextmanager
def _opened(run: "WorkflowRun", *, as_json: bool) -> "Iterator[tuple[Show, OnOutage]]":
    """The display that suits the place, for changes and for times in which none are known."""
    from orquestra.cli.workflow.following import tell_outage
    from orquestra.cli.workflow.functions import function_name

    if as_json:
        yield _print_json, tell_outage
        return
    name_function = partial(function_name, run.get_status_model().workflow_def)
    if sys.stdout.isatty():
        from orquestra.cli.workflow.watch_table import LiveTable

        with LiveTable(run.run_id, name_function=name_function) as table:
            yield table.show, table.tell_outage
    else:
        from orquestra.cli.workflow.watch_lines import Lines

        yield Lines(run.run_id, name_function=name_function).show, tell_outage


def describe(snapshot: "RunSnapshot") -> dict[str, Any]:
    """The JSON document of a change: `event` says of what."""
    from orquestra.sdk.schema import api

    news = snapshot.news.model_dump(mode="json")
    if isinstance(snapshot.news, api.RunProgress):
        return {"event": "progress", **news}
    if isinstance(snapshot.news, api.PoolList):
        return {"event": "nodes", **news}
    tasks = [_describe_task(task) for task in snapshot.news.task_runs]
    return {"event": "tasks", "is_complete": snapshot.news.is_complete, "tasks": tasks}


def _describe_task(task: Any) -> dict[str, Any]:
    status = task.status.model_dump(mode="json") if task.status else {"state": "WAITING"}
    return {"invocation_id": task.invocation_id, **status}


def _print_json(snapshot: "RunSnapshot") -> None:
    from orquestra.cli.printing import print_json_line

    print_json_line(describe(snapshot))


def _check_success(run_id: str, last: "RunSnapshot") -> None:
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk import State

    progress = last.progress
    if progress.state is not State.SUCCEEDED:
        reason = f": {progress.message}" if progress.message else ""
        raise Failure(
            f"the run {run_id} is {progress.state.value}{reason}",
            code=ExitCode.INVALID_WORKFLOW_RUN,
            hint=f"`orq wf logs {run_id}` shows what its tasks printed",
        )
