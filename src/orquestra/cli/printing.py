"""Answers on standard output: one JSON document, or text with tables."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 120
_SECONDS_ARE_SHOWN = 0.9995  # what rounds to 1000 ms does not count as less than a second
_MINUTE = 60
_STATE_STYLES = {
    "SUCCEEDED": "green",
    "RUNNING": "cyan",
    "READY": "cyan",
    "WAITING": "dim",
    "REQUESTED": "dim",
    "STOPPED": "dim",
    "FAILED": "bold red",
    "ERROR": "bold red",
    "TERMINATED": "yellow",
    "KILLED": "yellow",
    "Running": "green",
    "Not Running": "red",
    "Not Answering": "yellow",
}


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document. Times are ISO 8601 with their zone."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_facts(facts: Mapping[str, str]) -> None:
    """Print names and values in two columns."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts.items():
        grid.add_row(name, Text(value, style=_STATE_STYLES.get(value, "")))
    _console().print(grid)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; words for states have their colours."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*(Text(cell, style=_STATE_STYLES.get(cell, "")) for cell in row))
    _console().print(table)


def print_rule(title: str) -> None:
    """Print a line with a title."""
    _console().rule(title, align="left")


def as_json(moment: datetime | None) -> str | None:
    """A time in a JSON document."""
    return None if moment is None else moment.isoformat()


def local_time(moment: str | None) -> str:
    """A time of a document as people read it, in their own zone; empty where it is unknown."""
    return "" if moment is None else datetime.fromisoformat(moment).astimezone().ctime()


def local_clock(moment: str | None) -> str:
    """The same without the date."""
    return "" if moment is None else f"{datetime.fromisoformat(moment).astimezone():%H:%M:%S}"


def duration(seconds: float) -> str:
    """A duration as people read it; empty where there is none."""
    if seconds <= 0:
        return ""
    if seconds < _SECONDS_ARE_SHOWN:
        return f"{seconds * 1000:.3g} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _console() -> "Console":
    from rich.console import Console

    # Pipes have no width; wider than rich's 80 columns, so that ids stay on one line.
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", _PIPE_WIDTH))
    return Console(width=width, highlight=False)
