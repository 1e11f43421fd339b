"""Remembering results, and lending them to later runs."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts.storage import ArtifactStorage, Span
from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Run
from orquestra.engine.definitions.opened import OpenedDefinition
from orquestra.engine.errors import BadRequest
from orquestra.engine.reuse import store
from orquestra.engine.reuse.store import CachedArtifact
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema import cluster
from orquestra.sdk.schema.cluster import AttemptEnding, StoredValue
from orquestra.sdk.schema.workflow_run import State, WorkflowRunId

logger = logging.getLogger(__name__)


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

    Their values lie in the exchange then, in files that belong to the run that asks. Of two
    questions with one key and different ages, each gets its own answer.
    """
    if run.dry_run or not query.keys:
        return cluster.CacheAnswer(results=[None] * len(query.keys))
    async with services.database.reading() as session:
        known = await store.artifacts(session, run.owner, keys=list({key for key, _ in query.keys}))
    made: defaultdict[str, list[CachedArtifact]] = defaultdict(list)
    for artifact in known:
        made[artifact.key].append(artifact)
    now = services.clock()
    wanted = [
        made[key] if key in made and _is_young(made[key], limit, now) else None
        for key, limit in query.keys
    ]
    every = {artifact for artifacts in wanted if artifacts for artifact in artifacts}
    lent = await asyncio.to_thread(_lend, services.artifacts, every, to=run.id, exchange=exchange)
    return cluster.CacheAnswer(
        results=[
            _result(artifacts, lent=lent) if artifacts and lent.keys() >= set(artifacts) else None
            for artifacts in wanted
        ]
    )


def _is_new(attempt: AttemptEnding) -> bool:
    return (
        attempt.cache_key is not None
        and attempt.state is State.SUCCEEDED
        and attempt.node_id is not None
    )


def _is_young(artifacts: Sequence[CachedArtifact], limit: float | None, now: datetime) -> bool:
    return limit is None or (now - artifacts[0].created_at).total_seconds() <= limit


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
) -> dict[CachedArtifact, cluster.Location]:
    """Put the values of artifacts that are left into an exchange; where each lies there."""
    by_file: defaultdict[tuple[str, str], list[CachedArtifact]] = defaultdict(list)
    for artifact in artifacts:
        if artifact.file is not None:
            by_file[artifact.run_id, artifact.file].append(artifact)
    lent: dict[CachedArtifact, cluster.Location] = {}
    for (run_id, file), inside in by_file.items():
        spans = sorted({_span(artifact) for artifact in inside})
        try:
            name, offsets = storage.lend(run_id, file, spans, to=to, exchange=exchange)
        except BadRequest:
            continue
        except OSError as error:  # no room for a copy: the tasks can run all the same
            logger.warning("%s is lent to nobody: %s", file, error, extra={"event": "not_lent"})
            continue
        places = dict(zip(spans, offsets, strict=True))
        lent |= {each: _location(name, places[_span(each)], each) for each in inside}
    return lent


def _location(file: str, offset: int, artifact: CachedArtifact) -> cluster.Location:
    return cluster.Location(file, offset, artifact.size, cluster.ValueFormat(artifact.format))


def _span(artifact: CachedArtifact) -> Span:
    return Span(artifact.offset, artifact.size)


def _result(
    artifacts: Sequence[CachedArtifact], *, lent: Mapping[CachedArtifact, cluster.Location]
) -> cluster.CachedResult:
    return cluster.CachedResult(
        run_id=WorkflowRunId(artifacts[0].run_id),
        values=[
            cluster.CachedValue(artifact.output_index, lent[artifact]) for artifact in artifacts
        ],
    )
