"""Lines of standard output and standard error, as they are shown and saved."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from orquestra.cli.file_names import file_name
from orquestra.sdk import LogOutput, WorkflowLogs

Streams = Mapping[str, list[str]]
"""Lines by stream, `out` and `err`."""

_SUFFIXES = {"out": "log", "err": "err"}


def log_types(kinds: Iterable[str]) -> list[WorkflowLogs.WorkflowLogTypeName]:
    """Kinds of logs, by their words in commands and documents."""
    return [WorkflowLogs.WorkflowLogTypeName(kind) for kind in kinds]


def streams(output: LogOutput) -> Streams:
    """Lines in a document."""
    return {"out": list(output.out), "err": list(output.err)}


def print_streams(lines: Streams, *, title: str = "") -> None:
    """Print lines beside the names of their streams; nothing where there are none."""
    if not any(lines.values()):
        return
    if title:
        click.secho(title, bold=True)
    for stream in _SUFFIXES:
        name = f"std{stream}"
        for line in lines[stream]:
            click.echo(f"  {click.style(name, dim=True)}   {line}")
            name = " " * len(name)
    click.echo()


def save_text(texts: Mapping[str, str], *, folder: Path, name: str) -> dict[str, str]:
    """Write the texts of both streams to files of that name, `.log` and `.err`; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = {}
    for stream, suffix in _SUFFIXES.items():
        path = folder / f"{file_name(name)}.{suffix}"
        path.write_text(texts[stream], encoding="utf-8")
        saved[stream] = str(path)
    return saved


def text_of(lines: Iterable[str]) -> str:
    """Lines as the text of a file."""
    return "".join(f"{line.rstrip()}\n" for line in lines)
