"""Rows as one picture: how each work stands against its goal."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benchmarks.rows import DASK, OURS, RAW_RAY, Row
from benchmarks.table import NOTHING, amount, goal_text

INK, QUIET, LINE = "#222222", "#8a8a8a", "#e4e4e4"
REACHED, MISSED = "#1a7f5a", "#c0392b"
ROW_HEIGHT = 0.34
WIDTH = 10.0
HEADING = -0.75
"""Where headings stand, in rows."""
COLUMNS = (55, 115, 175)
"""Where the figures stand, in points beside the plot."""


def draw(rows: Sequence[Row], path: Path) -> None:
    """Above: times relative to raw Ray. Below: other figures relative to their goals."""
    compared = [row for row in rows if row.median(RAW_RAY) is not None]
    others = [row for row in rows if row not in compared and row.reached is not None]
    panels = [(_draw_ratios, compared), (_draw_shares, others)]
    panels = [(panel, shown) for panel, shown in panels if shown]
    if not panels:
        return
    heights = [len(shown) + 1.2 for _, shown in panels]
    with mpl.rc_context({"font.size": 9, "text.color": INK, "ytick.color": INK}):
        height = ROW_HEIGHT * (sum(heights) + 2.2 * len(panels) + 1.5)
        figure = Figure(figsize=(WIDTH, height), layout=ConstrainedLayoutEngine(h_pad=0.12))
        axes = figure.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
        for ax, (panel, shown) in zip(axes, panels, strict=True):
            _frame(ax, [row.work for row in shown])
            panel(ax, shown)
        figure.legend(handles=_legend(), loc="outside lower left", ncols=5, frameon=False)
        figure.savefig(path, dpi=150, facecolor="white")


def _draw_ratios(ax: Axes, rows: Sequence[Row]) -> None:
    ax.set_title(f"Time relative to {RAW_RAY} in the same run (less is better)", loc="left")
    _reference(ax, RAW_RAY)
    _columns(ax, HEADING, (OURS, RAW_RAY, DASK), colour=QUIET)
    for at, row in enumerate(rows):
        medians = {name: row.median(name) for name in (OURS, RAW_RAY, DASK)}
        base = medians[RAW_RAY]
        assert base is not None
        for name, colour in ((DASK, QUIET), (OURS, _colour(row))):
            median = medians[name]
            if median is not None:
                _dot(ax, median / base, at, colour=colour)
        if row.goal:
            limit = row.goal.limit if row.goal.against == RAW_RAY else row.goal.limit / base
            ax.plot(limit, at, "|", color=INK, markersize=13, markeredgewidth=1.8, zorder=2)
        _columns(ax, at, [amount(median, unit=row.unit) for median in medians.values()])


def _draw_shares(ax: Axes, rows: Sequence[Row]) -> None:
    ax.set_title("What is used of what the goal allows (less is better)", loc="left")
    _reference(ax, "goal")
    _columns(ax, HEADING, (OURS, "goal"), colour=QUIET)
    for at, row in enumerate(rows):
        assert row.goal is not None
        assert row.figure is not None
        _dot(ax, row.goal.share(row.figure), at, colour=_colour(row))
        figure = f"{row.figure:.2f} x" if row.goal.against else amount(row.figure, unit=row.unit)
        _columns(ax, at, (figure, goal_text(row.goal, unit=row.unit)))


def _frame(ax: Axes, labels: Sequence[str]) -> None:
    ax.set_xscale("log")
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -1.1)
    ax.margins(x=0.06)
    ax.grid(axis="y", color=LINE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(which="both", length=0, labelcolor=INK)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    for side in ax.spines.values():
        side.set_visible(False)


def _reference(ax: Axes, text: str) -> None:
    ax.plot([1, 1], [-0.45, 1000], color=QUIET, linewidth=1, zorder=1)
    ax.annotate(text, (1, HEADING), ha="center", va="center", color=QUIET)


def _dot(ax: Axes, x: float, y: int, *, colour: str) -> None:
    ax.plot(x, y, "o", color=colour, markersize=7, zorder=3)


def _columns(ax: Axes, y: float, texts: Sequence[str], *, colour: str = INK) -> None:
    for x, text in zip(COLUMNS, texts, strict=False):
        ax.annotate(
            "" if text == NOTHING else text,
            (1, y),
            (x, 0),
            xycoords=ax.get_yaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="center",
            color=colour,
        )


def _legend() -> list[Line2D]:
    dots = {f"{OURS}: reached": REACHED, "missed": MISSED, "without a goal": INK, DASK: QUIET}
    found = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=label)
        for label, colour in dots.items()
    ]
    return [*found, Line2D([], [], marker="|", linestyle="", color=INK, ms=11, label="goal")]


def _colour(row: Row) -> str:
    return {True: REACHED, False: MISSED, None: INK}[row.reached]
