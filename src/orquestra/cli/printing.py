"""Answers on standard output: one JSON document, or text with tables."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

ROOM_FOR_ALL = 120
"""Columns of a terminal; with fewer, tables have shorter times and leave out what can be left."""

_UNLIMITED = 100_000
_RULE_IN_PIPES = 80
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
    "CE_REMOTE": "blue",
    "QE_REMOTE": "red",
    "✓": "green",
    "⨉": "red",
}


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document. Times are ISO 8601 with their zone."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def print_json_line(document: Mapping[str, Any]) -> None:
    """Print one of several JSON documents, each on a line of its own.

    All but ASCII is escaped: text may have characters that some readers take for the end of a line.
    """
    click.echo(json.dumps(document, allow_nan=False))


def print_facts(facts: Mapping[str, str]) -> None:
    """Print names and values in two columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAVY, show_header=False)
    table.add_column(justify="right", style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, Text(value, style=state_style(value)))
    _console().print(table)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: str | None = None
) -> None:
    """Print a table; words for states have their colours.

    Where there is too little room cells are folded; the column `whole` only where it has none even
    in a line of its own.
    """
    from rich.text import Text

    from orquestra.cli import tables

    cells = [[Text(cell, style=state_style(cell)) for cell in row] for row in rows]
    tables.show(_console(), columns, cells, whole=whole)


def print_rule(title: str = "") -> None:
    """Print a line, with a title at its beginning; one that is longer than the line is cut off."""
    from rich.text import Text

    _console(in_pipes=_RULE_IN_PIPES).rule(Text(title, style="rule.text"), align="left")


@contextmanager
def working(on_what: str) -> Iterator[None]:
    """Show at a terminal that something takes its time."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{on_what}…"):
        yield


def width() -> int:
    """The columns that there are; in pipes as many as are needed, unless COLUMNS says else."""
    return _console().width


def as_json(moment: datetime | None) -> str | None:
    """A time in a JSON document."""
    return None if moment is None else moment.isoformat()


def state_style(word: str) -> str:
    """The colour of a word for a state; of another word, none."""
    return _STATE_STYLES.get(word, "")


def local_time(moment: str | None) -> str:
    """A time of a document as people read it, in their own zone; empty where it is unknown."""
    return "" if moment is None else datetime.fromisoformat(moment).astimezone().ctime()


def local_day_and_clock(moment: str | None) -> str:
    """The same where there is little room: without the year and the seconds."""
    return "" if moment is None else f"{datetime.fromisoformat(moment).astimezone():%d %b %H:%M}"


def local_clock(moment: str | None) -> str:
    """The same with the time of the day only."""
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


def _console(*, in_pipes: int = _UNLIMITED) -> "Console":
    from rich.console import Console

    # Pipes have no width: what is wide stays on one line, for the programs that read it.
    columns = None if sys.stdout.isatty() else _columns_of_environment() or in_pipes
    return Console(width=columns, highlight=False)


def _columns_of_environment() -> int | None:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() else None  # 0 is none either
