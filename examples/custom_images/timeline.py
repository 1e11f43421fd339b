"""A picture of a run: a lane for each node, the tasks on it, and the number of nodes below.

Also a program of its own: `python timeline.py nodes.json timeline.png`.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from occupancy import NodeLife, PoolHistory, TaskSpan, count_steps, last_end, read_history

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch

COLOURS = ("#3b6ea8", "#d1762c", "#3f8f5b", "#8a5fa8", "#b8475a", "#5f7f86")
LANE = 0.72
INK = "#333333"
FAILED = "#c0392b"
LABEL_BOX = {"boxstyle": "square,pad=0.12", "facecolor": "white", "alpha": 0.75, "linewidth": 0}
LETTER = 0.0066
"""Width of a letter of a label, as a share of the time axis."""


def draw_timeline(document: dict[str, Any], path: Path) -> None:
    """Draw the content of a `nodes.json` file."""
    pools = read_history(document)
    lanes = sum(max(1, len(pool.nodes)) for pool in pools)
    lane_height, count_height = 0.42 * lanes + 0.35 * len(pools), 0.75 * len(pools)
    figure = plt.figure(figsize=(12, lane_height + count_height + 1.6), layout="constrained")
    rows = figure.add_gridspec(
        1 + len(pools), 1, height_ratios=[lane_height, *[count_height / len(pools)] * len(pools)]
    )
    top = figure.add_subplot(rows[0])
    top.set_xlim(0, last_end(pools) * 1.02 or 1)
    _draw_lanes(top, pools)
    _draw_legend(top)
    top.set_title(f"Nodes of the run {document['run_id']}", loc="left", fontsize=13, pad=10)
    for number, pool in enumerate(pools):
        axes = figure.add_subplot(rows[1 + number], sharex=top)
        _draw_count(axes, pool, colour=_colour(number))
        axes.tick_params(labelbottom=number == len(pools) - 1)
    figure.axes[-1].set_xlabel("seconds since the submission")
    figure.savefig(path, dpi=130)
    plt.close(figure)


def short_image(image: str) -> str:
    """The end of an image's name, which tells images apart."""
    return image.rpartition("/")[2].partition("@")[0]


def _draw_lanes(axes: Axes, pools: Sequence[PoolHistory]) -> None:
    ticks, y = [], 0.0
    right = last_end(pools)
    for number, pool in enumerate(pools):
        axes.text(
            right * 0.003,
            y - 0.55,
            f"{short_image(pool.image)}  (at most {pool.cap} nodes)",
            color=_colour(number),
            fontweight="bold",
            va="center",
        )
        for node in sorted(pool.nodes, key=lambda node: node.requested):
            _draw_node(axes, node, y=y + 0.15, colour=_colour(number))
            ticks.append((y + 0.15, node.id))
            y += 1
        y += 1 if pool.nodes else 0.6
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks], fontsize=8, color=INK)
    axes.set_ylim(y - 0.4, -1.0)
    _clean(axes)
    axes.tick_params(labelbottom=False)


def _draw_node(axes: Axes, node: NodeLife, *, y: float, colour: str) -> None:
    joined = node.joined if node.joined is not None else node.ended
    bar = {"height": LANE, "linewidth": 0.8, "edgecolor": colour}
    # Hatched until the node has joined, light while it is there, solid where a task runs.
    axes.barh(
        y,
        joined - node.requested,
        left=node.requested,
        color="white",
        hatch="////",
        alpha=0.45,
        **bar,
    )
    axes.barh(y, node.ended - joined, left=joined, color=_lighter(colour), **bar)
    for task in node.tasks:
        _draw_task(axes, task, y=y, colour=colour)


def _draw_task(axes: Axes, task: TaskSpan, *, y: float, colour: str) -> None:
    axes.barh(
        y,
        max(task.end - task.start, 0.05),
        left=task.start,
        height=LANE * 0.62,
        color=colour if task.succeeded else FAILED,
    )
    inside = task.end - task.start > len(task.label) * axes.get_xlim()[1] * LETTER
    axes.annotate(
        task.label,
        (task.start if inside else task.end, y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color="white" if inside else INK,
        bbox=None if inside else LABEL_BOX,
        zorder=5,
    )


def _draw_legend(axes: Axes) -> None:
    kinds = [
        Patch(facecolor="white", edgecolor=INK, hatch="////", alpha=0.45, label="node starting"),
        Patch(facecolor=_lighter(INK), edgecolor=INK, label="node ready"),
        Patch(facecolor=INK, label="task running"),
    ]
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderpad": 0.2}
    axes.legend(handles=kinds, ncols=3, frameon=False, fontsize=9, **place)


def _draw_count(axes: Axes, pool: PoolHistory, *, colour: str) -> None:
    steps = [(0.0, 0), *count_steps(pool.nodes)]
    times, counts = [time for time, _ in steps], [count for _, count in steps]
    axes.fill_between(times, counts, step="post", color=_lighter(colour))
    axes.step(times, counts, where="post", color=colour, linewidth=1.4)
    axes.axhline(pool.cap, color=INK, linestyle="--", linewidth=0.9)
    axes.text(1.003, pool.cap, "cap", transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    axes.set_ylim(0, pool.cap * 1.25)
    axes.set_yticks([0, pool.cap])
    axes.set_ylabel("nodes", color=colour, fontsize=9)
    _clean(axes)


def _clean(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e8e8e8", linewidth=0.8)
    axes.set_axisbelow(True)


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _lighter(colour: str) -> str:
    rgb = mpl.colors.to_rgb(colour)
    return mpl.colors.to_hex([1 - (1 - part) * 0.22 for part in rgb])


if __name__ == "__main__":
    draw_timeline(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
