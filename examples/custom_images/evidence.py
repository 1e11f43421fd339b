"""What the demo claims, and what it has seen that shows it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from consoles import wide_console
from labels import task_labels
from local_engine import wait_until
from occupancy import PoolHistory, peak
from rich.table import Table
from timeline import short_image

import orquestra.sdk as sdk  # noqa: PLR0402 - the usual way to write it
from orquestra.sdk.schema import api

PREFIX = "place: "
LOG_LIMIT = timedelta(seconds=15)
TASK_UID = 1000


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Where one task ran: what the engine recorded, and what the task itself saw."""

    task: str
    image: str
    node: str
    place: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence, and whether it holds."""

    sentence: str
    holds: bool


def collect(run: sdk.WorkflowRun, pools: Sequence[api.Pool]) -> list[Sighting]:
    """One sighting for each task, from the nodes of the run and the logs of its tasks."""
    labels = task_labels(run.get_status_model().workflow_def)
    places: dict[str, Mapping[str, Any]] = {}

    def all_have_reported() -> bool:
        places.update(_places(run))
        return places.keys() >= labels.keys()

    wait_until(all_have_reported, limit=LOG_LIMIT)
    found = [(task, node, pool) for pool in pools for node in pool.nodes for task in node.tasks]
    return [
        Sighting(
            task=labels[task.invocation_id],
            image=pool.image,
            node=node.id,
            place=places.get(task.invocation_id, {}),
        )
        for task, node, pool in sorted(found, key=lambda item: item[0].start_time)
    ]


def claims(sightings: Sequence[Sighting], history: Sequence[PoolHistory]) -> list[Claim]:
    """What the sightings and the node times show."""
    peaks = [f"{short_image(pool.image)} {peak(pool.nodes)} of {pool.cap}" for pool in history]
    return [
        Claim(
            sentence="Each task ran in its own image: scikit-learn is in one, gnuplot in another.",
            holds=bool(sightings) and all(_is_in_its_image(sighting) for sighting in sightings),
        ),
        Claim(
            sentence=f"Every task ran as the user with id {TASK_UID}.",
            holds=all(sighting.place.get("uid") == TASK_UID for sighting in sightings),
        ),
        Claim(
            sentence=f"No image had more nodes at once than allowed: {', '.join(peaks)}.",
            holds=all(peak(pool.nodes) <= pool.cap for pool in history),
        ),
        Claim(
            sentence="Every image that a task asked for had a node.",
            holds=all(pool.nodes for pool in history),
        ),
    ]


def show_sightings(sightings: Sequence[Sighting]) -> None:
    """Print where each task ran."""
    table = Table("task", "image", "node", "host", "uid", "scikit-learn", "gnuplot", box=None)
    for seen in sightings:
        place = seen.place
        table.add_row(
            seen.task,
            short_image(seen.image),
            seen.node,
            str(place.get("host", "?")),
            str(place.get("uid", "?")),
            "yes" if place.get("sklearn") else "no",
            place.get("gnuplot") or "no",
        )
    wide_console().print(table)


def show_claims(found: Sequence[Claim]) -> None:
    """Print each claim with a mark."""
    for claim in found:
        mark = "[green]✓[/]" if claim.holds else "[bold red]✗[/]"
        wide_console().print(f"{mark} {claim.sentence}", highlight=False, soft_wrap=True)


def _places(run: sdk.WorkflowRun) -> dict[str, Mapping[str, Any]]:
    return {
        invocation: json.loads(line.removeprefix(PREFIX))
        for invocation, output in run.get_logs().per_task.items()
        for line in output.out
        if line.startswith(PREFIX)
    }


def _is_in_its_image(sighting: Sighting) -> bool:
    """Whether a task saw exactly the software of its image."""
    has_sklearn, has_gnuplot = "sklearn:" in sighting.image, "gnuplot:" in sighting.image
    place = sighting.place
    return bool(place) and (place["sklearn"], bool(place["gnuplot"])) == (has_sklearn, has_gnuplot)
