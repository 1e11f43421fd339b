"""`orq wf logs`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.options import (
    config_option,
    download_option,
    json_option,
    run_id_argument,
)

if TYPE_CHECKING:
    from orquestra.cli.log_output import Streams
    from orquestra.sdk import WorkflowLogs

KINDS = ("per_task", "system", "env_setup", "other")
_ALL = "all"


@click.command()
@run_id_argument
@config_option
@download_option
@click.option("--task/--no-task", "per_task", default=None, help="What tasks printed.")
@click.option("--system/--no-system", default=None, help="What happened to the run's nodes.")
@click.option("--env-setup/--no-env-setup", default=None, help="Installing of packages.")
@click.option("--other/--no-other", default=None, help="Everything else.")
@click.option(
    "-f",
    "--follow",
    is_flag=True,
    help="Print lines as they come, until the run is over; with --json, an object for each.",
)
@json_option
def logs(
    run_id: str | None,
    config: str | None,
    download_dir: Path | None,
    follow: bool,
    as_json: bool,
    **switches: bool | None,
) -> None:
    """Show or save the logs of a run: the kinds that are asked for.

    Without a kind it is asked which to show of those that are not ruled out; where nobody can be
    asked, all of them.
    """
    from orquestra.cli.log_output import log_types
    from orquestra.cli.logins import find_run
    from orquestra.cli.printing import print_json, working

    if follow and download_dir is not None:
        raise click.UsageError("--follow prints lines, so it goes without --download-dir.")
    kinds = wanted_kinds(switches)
    run = find_run(run_id, config=config)
    if follow:
        from orquestra.cli.workflow.following import follow as follow_lines

        follow_lines(run, kinds, as_json=as_json)
        return
    with working("Reading logs"):
        document = describe(run.get_logs(*log_types(kinds)), kinds)
    if download_dir is not None or not as_json:
        document = _only_filled(document, asked=any(switches.values()))
    if download_dir is not None:
        document = _save(document, run_id=run.run_id, folder=download_dir)
    if as_json:
        print_json({"run_id": run.run_id, "logs": document})
    elif download_dir is None:
        _print(document)
    else:
        for kind, paths in document.items():
            for path in paths.values():
                click.echo(f"Workflow {kind} logs saved at {path}")


def wanted_kinds(switches: Mapping[str, bool | None]) -> list[str]:
    """The kinds switched on; where none is, those not switched off.

    Raises:
        UsageError: all are switched off.
    """
    asked = [kind for kind in KINDS if switches[kind]]
    kinds = asked or [kind for kind in KINDS if switches[kind] is not False]
    if not kinds:
        raise click.UsageError("Every kind of logs is ruled out. Leave out one of the --no-….")
    return kinds


def describe(logs: "WorkflowLogs", kinds: Sequence[str]) -> dict[str, Any]:
    """The document that is shown: lines by kind; those of tasks by invocation too."""
    from orquestra.cli.log_output import streams

    document: dict[str, Any] = {}
    for kind in kinds:
        if kind == "per_task":
            per_task = logs.per_task.items()
            document[kind] = {invocation: streams(output) for invocation, output in per_task}
        else:
            document[kind] = streams(getattr(logs, kind))
    return document


def _only_filled(document: dict[str, Any], *, asked: bool) -> dict[str, Any]:
    """The kinds to show: those asked for, else those chosen, as far as anything is there."""
    filled = [kind for kind in document if any(_has_lines(s) for s in _sections(document, kind))]
    if asked:
        for kind in document:
            if kind not in filled:
                click.echo(f"No '{kind}' logs are available for this workflow", err=True)
        return {kind: document[kind] for kind in filled}
    return {kind: document[kind] for kind in _chosen(filled)}


def _chosen(filled: list[str]) -> list[str]:
    from orquestra.cli.prompts import choose, is_interactive

    if len(filled) > 1 and not is_interactive():
        return filled
    every = {_ALL: filled} if len(filled) > 1 else {}
    return choose(
        "available logs",
        every | {kind: [kind] for kind in filled},
        instead="--task, --system, --env-setup or --other",
        hint_if_none="nothing was logged, or not yet",
    )


def _sections(document: Mapping[str, Any], kind: str) -> "Sequence[Streams]":
    return list(document[kind].values()) if kind == "per_task" else [document[kind]]


def _has_lines(streams: "Streams") -> bool:
    return any(streams.values())


def _print(document: Mapping[str, Any]) -> None:
    from orquestra.cli.log_output import print_streams
    from orquestra.cli.printing import print_rule

    for kind, content in document.items():
        print_rule(f"{kind.replace('_', ' ')} logs")
        if kind == "per_task":
            for invocation, streams in content.items():
                print_streams(streams, title=invocation)
        else:
            print_streams(content)
        print_rule()


def _save(document: Mapping[str, Any], *, run_id: str, folder: Path) -> dict[str, Any]:
    from orquestra.cli.log_output import save_text, text_of

    saved = {}
    for kind, content in document.items():
        texts = {
            stream: _task_text(content, stream) if kind == "per_task" else text_of(content[stream])
            for stream in ("out", "err")
        }
        saved[kind] = save_text(texts, folder=folder, name=f"{run_id}_{kind}")
    return saved


def _task_text(tasks: "Mapping[str, Streams]", stream: str) -> str:
    from orquestra.cli.log_output import text_of

    blocks = (
        f"std{stream} logs for task invocation: {invocation}:\n\n{text_of(streams[stream])}"
        for invocation, streams in tasks.items()
        if streams[stream]
    )
    return "\n".join(blocks)
