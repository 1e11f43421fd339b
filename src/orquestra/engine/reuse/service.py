"""Remembering results, and lending them to later runs."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts.storage import ArtifactStorage
from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Run
from orquestra.engine.definitions.opened import OpenedDefinition
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import BadRequest
from orquestra.engine.reuse import store
from orquestra.engine.reuse.store import CachedArtifact
from orquestra.sdk.schema import cluster
from orquestra.sdk.schema.cluster import AttemptEnding, StoredValue
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId


async def remember(
    session: AsyncSession,
    run: Run,
    *,
    attempts: Iterable[AttemptEnding],
    values: Iterable[StoredValue],
    definition: OpenedDefinition,
    at: datetime,
) -> None:
    """Keep in mind what attempts with keys have made; their values are recorded already.

    A result that has been used again is as old as it was, and one of a dry run is none.
    """
    keys = {each.invocation_id: each.cache_key for each in attempts if _is_new(each)}
    if run.dry_run or not keys:
        return
    made = _artifacts_by_producer(values, definition)
    created_at = bulk.stored_time(at.timestamp())
    rows = [
        (run.owner, key, run.id, json.dumps(made[name]), created_at)
        for name, key in keys.items()
        if name in made
    ]
    await store.put(session, rows)


async def find(
    services: EngineServices, run: Run, query: cluster.CacheQuery, *, exchange: Path
) -> cluster.CacheAnswer:
    """The results that a run can use again: of its owner, young enough, and still readable.

    Their values lie in the exchange then, in files that belong to the run that asks.
    """
    ages = dict(query.keys)
    if run.dry_run or not ages:
        return cluster.CacheAnswer(found={})
    async with services.database.reading() as session:
        known = await store.artifacts(session, run.owner, keys=list(ages))
    now = services.clock()
    young = [artifact for artifact in known if _is_young(artifact, ages[artifact.key], now)]
    lent = await asyncio.to_thread(_lend, services.artifacts, young, to=run.id, exchange=exchange)
    results: defaultdict[str, list[CachedArtifact]] = defaultdict(list)
    for artifact in young:
        results[artifact.key].append(artifact)
    return cluster.CacheAnswer(
        found={
            key: _result(artifacts, lent=lent)
            for key, artifacts in results.items()
            if all((artifact.run_id, artifact.file) in lent for artifact in artifacts)
        }
    )


def _is_new(attempt: AttemptEnding) -> bool:
    return (
        attempt.cache_key is not None
        and attempt.state is State.SUCCEEDED
        and attempt.node_id is not None
    )


def _is_young(artifact: CachedArtifact, limit: float | None, now: datetime) -> bool:
    return limit is None or (now - artifact.created_at).total_seconds() <= limit


def _artifacts_by_producer(
    values: Iterable[StoredValue], definition: OpenedDefinition
) -> Mapping[str, dict[str, int | None]]:
    made: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
    for artifact_id, _ in values:
        producer = definition.producer(artifact_id)
        if producer is not None:
            made[producer][artifact_id] = definition.output_index(artifact_id)
    return made


def _lend(
    storage: ArtifactStorage, artifacts: Iterable[CachedArtifact], *, to: str, exchange: Path
) -> dict[tuple[str, str | None], str]:
    """Put the files of artifacts into an exchange; their names there, of those that are left."""
    ends: dict[tuple[str, str], int] = {}
    for artifact in artifacts:
        if artifact.file is not None:
            place = artifact.run_id, artifact.file
            ends[place] = max(ends.get(place, 0), artifact.offset + artifact.size)
    lent: dict[tuple[str, str | None], str] = {}
    for (run_id, file), size in ends.items():
        with suppress(BadRequest):
            lent[run_id, file] = storage.share(run_id, file, size=size, to=to)
    storage.relink(to, exchange=exchange, files=lent.values())
    return lent


def _result(
    artifacts: Sequence[CachedArtifact], *, lent: Mapping[tuple[str, str | None], str]
) -> cluster.CachedResult:
    return cluster.CachedResult(
        run_id=WorkflowRunId(artifacts[0].run_id),
        values=[
            cluster.CachedValue(
                artifact.output_index,
                cluster.Location(
                    lent[artifact.run_id, artifact.file],
                    artifact.offset,
                    artifact.size,
                    cluster.ValueFormat(artifact.format),
                ),
            )
            for artifact in artifacts
        ],
    )
