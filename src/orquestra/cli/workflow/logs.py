"""`orq wf logs`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.workflow.options import (
    config_option,
    download_option,
    json_option,
    run_id_argument,
)

if TYPE_CHECKING:
    from orquestra.sdk import LogOutput, WorkflowLogs

KINDS = ("per_task", "system", "env_setup", "other")

Streams = Mapping[str, list[str]]


@click.command()
@run_id_argument
@config_option
@download_option
@click.option("--task/--no-task", "per_task", default=None, help="What tasks printed.")
@click.option("--system/--no-system", default=None, help="What happened to the run's nodes.")
@click.option("--env-setup/--no-env-setup", default=None, help="Installing of packages.")
@click.option("--other/--no-other", default=None, help="Everything else.")
@json_option
def logs(
    run_id: str,
    config: str | None,
    download_dir: Path | None,
    as_json: bool,
    **switches: bool | None,
) -> None:
    """Show or save the logs of a run: the kinds asked for, or all that are not ruled out."""
    from orquestra.cli.logins import find_run
    from orquestra.cli.printing import print_json

    kinds = choose_kinds(switches)
    document = describe(find_run(run_id, config=config).get_logs(), kinds)
    if download_dir is not None:
        document = _save(document, run_id=run_id, folder=download_dir)
    if as_json:
        print_json({"run_id": run_id, "logs": document})
    elif download_dir is None:
        _print(document, asked={kind for kind in kinds if switches[kind]})
    else:
        for kind, paths in document.items():
            for path in paths.values():
                click.echo(f"Workflow {kind} logs saved at {path}")


def choose_kinds(switches: Mapping[str, bool | None]) -> list[str]:
    """The kinds switched on; where none is, those not switched off."""
    asked = [kind for kind in KINDS if switches[kind]]
    return asked or [kind for kind in KINDS if switches[kind] is not False]


def describe(logs: "WorkflowLogs", kinds: list[str]) -> dict[str, Any]:
    """The document that is shown: lines by kind; those of tasks by invocation too."""
    document: dict[str, Any] = {}
    for kind in kinds:
        if kind == "per_task":
            per_task = logs.per_task.items()
            document[kind] = {invocation: _streams(output) for invocation, output in per_task}
        else:
            document[kind] = _streams(getattr(logs, kind))
    return document


def _streams(output: "LogOutput") -> Streams:
    return {"out": list(output.out), "err": list(output.err)}


def _print(document: dict[str, Any], *, asked: set[str]) -> None:
    from orquestra.cli.printing import print_rule

    for kind, content in document.items():
        sections: Mapping[str, Streams] = content if kind == "per_task" else {"": content}
        filled = {title: s for title, s in sections.items() if s["out"] or s["err"]}
        if not filled:
            if kind in asked:
                click.echo(f"No '{kind}' logs are available for this workflow", err=True)
            continue
        print_rule(f"{kind.replace('_', ' ')} logs")
        for title, streams in filled.items():
            _print_section(title, streams)


def _print_section(title: str, streams: Streams) -> None:
    if title:
        click.secho(title, bold=True)
    for stream in ("out", "err"):
        for line in streams[stream]:
            click.echo(f"  {click.style('std' + stream, dim=True)}  {line}")


def _save(document: dict[str, Any], *, run_id: str, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    saved: dict[str, Any] = {}
    for kind, content in document.items():
        saved[kind] = {}
        for stream, suffix in (("out", "log"), ("err", "err")):
            path = folder / f"{run_id}_{kind}.{suffix}"
            text = _task_text(content, stream) if kind == "per_task" else _text(content[stream])
            path.write_text(text, encoding="utf-8")
            saved[kind][stream] = str(path)
    return saved


def _task_text(tasks: Mapping[str, Streams], stream: str) -> str:
    blocks = (
        f"std{stream} logs for task invocation: {invocation}:\n\n{_text(streams[stream])}"
        for invocation, streams in tasks.items()
        if streams[stream]
    )
    return "\n".join(blocks)


def _text(lines: list[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)
