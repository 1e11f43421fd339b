"""Pages of the list of runs, with many runs in the database: every filter, and the worst one."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import httpx

from benchmarks.clock import timed
from benchmarks.engines import engine_folder, started
from benchmarks.history import SECONDS_APART, fill
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from orquestra.engine.http import paging
from tests.running_engine import RunningEngine

LOOKS = 30
RUNS = "/api/workflow-runs"
FILTERS: Mapping[str, Mapping[str, str | int]] = {
    "first page": {},
    "last hour": {"maxAge": 3600},
    "one definition": {"workflowDefinitionID": "definition-7"},
    "one workspace": {"workspaceId": "workspace-3"},
    "one project": {"projectId": "project-3"},
    "a workspace without runs": {"workspaceId": "nowhere"},
    "a project without runs": {"projectId": "nothing"},
    "a common state": {"state": "SUCCEEDED"},
    "a rare state": {"state": "TERMINATED"},
    "a state without runs": {"state": "KILLED"},
    "two states": {"state": "FAILED,TERMINATED"},
    "states that may have runs or not": {"state": "RUNNING,WAITING,SUCCEEDED"},
    "a state of a definition": {"state": "FAILED", "workflowDefinitionID": "definition-0"},
    "all filters": {
        "maxAge": 10**6,
        "workflowDefinitionID": "definition-3",
        "workspaceId": "workspace-3",
        "projectId": "project-3",
        "state": "SUCCEEDED",
    },
}


def measure(options: Options) -> Iterator[Row]:
    """One row: the median of the slowest kind of page."""
    runs = 1_000 if options.quick else 100_000
    with engine_folder() as engine:
        _make_database(engine)
        fill(engine.data / "engine.db", runs=runs)
        with started(engine) as client:
            kinds = {**FILTERS, "a late page": {"pageToken": _late_token(client, runs=runs)}}
            times = {name: _times(client, kind) for name, kind in kinds.items()}
            times["definitions"] = _times(client, {}, path="/api/workflow-definitions")
    slowest = max(times, key=lambda name: statistics.median(times[name]))
    yield Row(
        work=f"list page, {runs:,} runs, slowest: {slowest}",
        measurements={OURS: times[slowest]},
        goal=Goal(limit=0.02),
        details={
            name: {
                "median_ms": round(1000 * statistics.median(seconds), 2),
                "worst_ms": round(1000 * max(seconds), 2),
            }
            for name, seconds in times.items()
        },
    )


def _make_database(engine: RunningEngine) -> None:
    with started(engine):
        pass


def _times(client: httpx.Client, kind: Mapping[str, str | int], *, path: str = RUNS) -> list[float]:
    def look() -> None:
        client.get(path, params=dict(kind)).raise_for_status()

    look()  # what a process does once is not what a page costs
    return [timed(look)[0] for _ in range(LOOKS)]


def _late_token(client: httpx.Client, *, runs: int) -> str:
    """The token of a page in the middle, which follows from that of the first one."""
    first = paging.position(client.get(RUNS).raise_for_status().json()["meta"]["nextPageToken"])
    assert first is not None
    return replace(first, at=first.at - timedelta(seconds=SECONDS_APART * runs / 2)).token()
