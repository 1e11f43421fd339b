"""Rows as a plain table for a terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from benchmarks.rows import DASK, OURS, RAW_RAY, Goal, Row

NOTHING = "-"
WIDTH = 140


def print_table(rows: Iterable[Row]) -> None:
    """The table, and below it what could not be measured."""
    console = Console(width=WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("work", RAW_RAY, DASK, OURS, "ratio", "goal", "reached"):
        table.add_column(heading, justify="left" if heading == "work" else "right")
    problems: dict[str, None] = {}
    for row in rows:
        table.add_row(*cells(row))
        if row.problem:
            problems[row.problem] = None
    console.print(table)
    for problem in problems:
        console.print(f"\n{problem}", markup=False, highlight=False)


def cells(row: Row) -> tuple[str, ...]:
    """The texts of one row."""
    against = row.goal.against if row.goal else None
    ratio = row.ratio()
    work = row.work if against in (None, RAW_RAY) else f"{row.work} (against {against})"
    return (
        work,
        *(amount(row.median(name), unit=row.unit) for name in (RAW_RAY, DASK, OURS)),
        NOTHING if ratio is None else f"{ratio:.2f}",
        NOTHING if row.goal is None else goal_text(row.goal, unit=row.unit),
        {True: "yes", False: "NO", None: NOTHING}[row.reached],
    )


def goal_text(goal: Goal, *, unit: str) -> str:
    """What is to be reached, in a few signs."""
    sign = "≥" if goal.at_least else "≤"
    limit = f"{goal.limit:g} x" if goal.against else amount(goal.limit, unit=unit)
    return f"{sign} {limit}"


def amount(value: float | None, *, unit: str) -> str:
    """A measurement with three digits and its unit."""
    if value is None:
        return NOTHING
    if unit == "s" and value < 0.1:
        return f"{value * 1000:.3g} ms"
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()
