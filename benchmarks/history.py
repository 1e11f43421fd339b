"""Fills the database of a stopped engine with runs that have ended long ago."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert

from orquestra.engine.database.tables import Cluster, Definition, Run
from orquestra.sdk.schema.workflow_run import State

OWNER = "ada"
DEFINITIONS, WORKSPACES, PROJECTS = 100, 10, 20
SECONDS_APART = 60
_AT_ONCE = 10_000
_CLUSTER = "local-00000000"
_NOW = datetime.now(UTC)


def fill(database: Path, *, runs: int) -> None:
    """Write that many runs of `OWNER`, a minute apart, the last one a minute ago."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(insert(Cluster), [_cluster()])
        connection.execute(insert(Definition), [_definition(n) for n in range(DEFINITIONS)])
        waiting = _runs(runs)
        while some := list(islice(waiting, _AT_ONCE)):
            connection.execute(insert(Run), some)
    engine.dispose()


def state(number: int) -> State:
    """The state of a run: most have gone well, one of a hundred failed, one of 10,000 stopped."""
    if number % 10_000 == 0:
        return State.TERMINATED
    return State.FAILED if number % 100 == 0 else State.SUCCEEDED


def _runs(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        created = _NOW - timedelta(seconds=SECONDS_APART * (number + 1))
        yield {
            "id": f"work-{number:06}",
            "definition_id": f"definition-{number % DEFINITIONS}",
            "cluster_id": _CLUSTER,
            "result_id": f"result-{number:06}",
            "owner": OWNER,
            "workspace_id": f"workspace-{number % WORKSPACES}",
            "project_id": f"project-{number % PROJECTS}",
            "state": state(number),
            "message": None,
            "warnings": [],
            "created_at": created,
            "started_at": created,
            "ended_at": created + timedelta(seconds=30),
            "dry_run": False,
            "working_directory": None,
            "total_tasks": 10,
            "completed_tasks": 10,
            "executing": False,
            "heads_lost": 0,
        }


def _definition(number: int) -> dict[str, Any]:
    return {
        "id": f"definition-{number}",
        "name": "work",
        "owner": OWNER,
        "workspace_id": f"workspace-{number % WORKSPACES}",
        "project_id": f"project-{number % PROJECTS}",
        "created_at": _NOW,
        "sdk_version": "2.0.0",
        "document": "{}",
    }


def _cluster() -> dict[str, Any]:
    return {
        "id": _CLUSTER,
        "shared": True,
        "created_at": _NOW,
        "head_image": "host",
        "head_cpu": 1,
        "head_memory": 2**30,
        "head_launches": 1,
        "head_launched_at": _NOW,
        "head_began_at": _NOW,
        "head_address": "127.0.0.1:6379",
        "retired": True,
        "released": True,
    }
