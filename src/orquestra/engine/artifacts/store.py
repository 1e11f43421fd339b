"""Queries on the records of artifacts."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Artifact

COLUMNS = (
    "id",
    "run_id",
    "artifact_node_id",
    "invocation_id",
    "packed",
    "file",
    "offset",
    "size",
    "format",
    "created_at",
)


async def get(session: AsyncSession, artifact_id: str) -> Artifact | None:
    """An artifact by its own id."""
    return await session.get(Artifact, artifact_id)


async def put(session: AsyncSession, rows: Sequence[Sequence[bulk.Cell]]) -> None:
    """Record artifacts, as `COLUMNS`; one that is known gets another place, and keeps its id."""
    await bulk.upsert(
        session,
        Artifact,
        rows,
        columns=COLUMNS,
        keys=("run_id", "artifact_node_id"),
        replaced=("file", "offset", "size", "format"),
    )


async def of_nodes(
    session: AsyncSession, run_id: str, *, artifact_node_ids: Sequence[str]
) -> Sequence[Artifact]:
    """Those of these artifacts, named by their ids in the definition, that are recorded."""
    query = select(Artifact).where(_named(run_id, artifact_node_ids))
    return (await session.scalars(query)).all()


async def files_of(
    session: AsyncSession, run_id: str, *, artifact_node_ids: Sequence[str]
) -> set[str]:
    """The files in which those of these artifacts lie that are recorded."""
    query = select(Artifact.file).where(_named(run_id, artifact_node_ids))
    return set(await session.scalars(query.distinct()))


async def unused(session: AsyncSession, run_id: str, *, files: Collection[str]) -> set[str]:
    """Those of the files in which no artifact lies any more."""
    asked = bulk.values(list(files))
    query = select(Artifact.file).where(Artifact.run_id == run_id, Artifact.file.in_(asked))
    return set(files) - set(await session.scalars(query.distinct()))


async def of_run(session: AsyncSession, run_id: str) -> Sequence[Artifact]:
    """All artifacts of a run."""
    query = select(Artifact).where(Artifact.run_id == run_id).order_by(Artifact.created_at)
    return (await session.scalars(query)).all()


async def packed(session: AsyncSession, run_id: str) -> dict[str, str]:
    """Ids of the artifacts that are all of what an invocation has made, by the invocation."""
    query = select(Artifact.invocation_id, Artifact.id).where(
        Artifact.run_id == run_id, Artifact.packed.is_(True)
    )
    return {row.invocation_id: row.id for row in await session.execute(query)}


def _named(run_id: str, artifact_node_ids: Sequence[str]) -> ColumnElement[bool]:
    return and_(
        Artifact.run_id == run_id,
        Artifact.artifact_node_id.in_(bulk.values(artifact_node_ids)),
    )
