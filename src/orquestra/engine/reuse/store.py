"""Queries on remembered results."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Artifact, CachedResult

COLUMNS = ("owner", "key", "run_id", "artifacts", "created_at")


class CachedArtifact(NamedTuple):
    """One artifact of a remembered result; without a file where it is not recorded any more."""

    key: str
    run_id: str
    created_at: datetime
    output_index: int | None
    file: str | None
    offset: int
    size: int
    format: str


async def put(session: AsyncSession, rows: Sequence[Sequence[bulk.Cell]]) -> None:
    """Remember results, as `COLUMNS`, in place of those with the same owner and key."""
    await bulk.upsert(
        session,
        CachedResult,
        rows,
        columns=COLUMNS,
        keys=("owner", "key"),
        replaced=("run_id", "artifacts", "created_at"),
    )


async def artifacts(
    session: AsyncSession, owner: str, *, keys: Sequence[str]
) -> list[CachedArtifact]:
    """All artifacts of the results that an owner's runs have remembered under these keys."""
    part = func.json_each(CachedResult.artifacts).table_valued("key", "value")
    query = (
        select(
            CachedResult.key,
            CachedResult.run_id,
            CachedResult.created_at,
            part.c.value,
            Artifact.file,
            Artifact.offset,
            Artifact.size,
            Artifact.format,
        )
        .select_from(CachedResult)
        .join(part, onclause=CachedResult.artifacts.is_not(None))
        .outerjoin(
            Artifact,
            and_(Artifact.run_id == CachedResult.run_id, Artifact.artifact_node_id == part.c.key),
        )
        .where(CachedResult.owner == owner, CachedResult.key.in_(bulk.values(keys)))
    )
    return [CachedArtifact(*row) for row in await session.execute(query)]
