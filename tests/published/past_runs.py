"""Runs that have long been over, written into the database of an engine."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orquestra.engine.database.opening import open_database
from orquestra.engine.database.tables import Cluster, Definition, Run
from orquestra.engine.settings import DataFolder
from orquestra.sdk.schema.workflow_run import State

STATES = (State.SUCCEEDED, State.FAILED, State.TERMINATED, State.KILLED)
"""The states of the runs, in turns, newest first."""
APART = timedelta(minutes=10)
"""Between one run and the next; the newest is half as old."""
DEFINITION = Path(__file__).parents[1] / "data" / "ir" / "train_demo-1.1.0.json"


def insert_past_runs(data: Path, *, owner: str, count: int) -> list[str]:
    """Ids of new runs in the owner's personal workspace, newest first."""
    return asyncio.run(_insert(DataFolder(data).database, owner=owner, count=count))


async def _insert(path: Path, *, owner: str, count: int) -> list[str]:
    now = datetime.now(UTC)
    space = {"owner": owner, "workspace_id": owner, "project_id": "default"}
    definition = Definition(
        id=str(uuid.uuid4()),
        name="train_demo",
        created_at=now,
        sdk_version="1.1.0",
        document=DEFINITION.read_text(),
        **space,
    )
    cluster = _cluster(at=now)
    runs = [
        _run(index, at=now - APART * (index + 0.5), cluster=cluster.id, definition=definition.id)
        for index in range(count)
    ]
    for run in runs:
        run.owner, run.workspace_id, run.project_id = space.values()
    async with open_database(path) as database, database.writing() as session:
        session.add_all([definition, cluster])
        await session.flush()
        session.add_all(runs)
    return [run.id for run in runs]


def _cluster(*, at: datetime) -> Cluster:
    return Cluster(
        id=f"past-{uuid.uuid4()}",
        shared=False,
        created_at=at,
        head_image="past",
        head_cpu=1,
        head_memory=1,
        head_launches=1,
        retired=True,
        released=True,
    )


def _run(index: int, *, at: datetime, cluster: str, definition: str) -> Run:
    state = STATES[index % len(STATES)]
    return Run(
        id=f"train_demo-{index:05}-r000",
        definition_id=definition,
        cluster_id=cluster,
        result_id=str(uuid.uuid4()),
        state=state,
        warnings=[],
        created_at=at,
        started_at=at,
        ended_at=at + timedelta(minutes=1),
        dry_run=False,
        total_tasks=2,
        completed_tasks=2 if state is State.SUCCEEDED else 1,
        executing=False,
        heads_lost=0,
    )
