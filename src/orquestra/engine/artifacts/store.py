"""Queries on the records of artifacts."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Artifact


async def get(session: AsyncSession, artifact_id: str) -> Artifact | None:
    """An artifact by its own id."""
    return await session.get(Artifact, artifact_id)


async def of_node(session: AsyncSession, run_id: str, *, artifact_node_id: str) -> Artifact | None:
    """An artifact by its id in the definition."""
    query = select(Artifact).where(
        Artifact.run_id == run_id, Artifact.artifact_node_id == artifact_node_id
    )
    return await session.scalar(query)


async def put(session: AsyncSession, artifact: Artifact) -> str | None:
    """Record an artifact; one that is known keeps its id. Returns the file that it had before."""
    known = await of_node(session, artifact.run_id, artifact_node_id=artifact.artifact_node_id)
    if known is None:
        session.add(artifact)
        return None
    replaced = known.file
    known.file, known.format, known.size = artifact.file, artifact.format, artifact.size
    return replaced


async def of_run(session: AsyncSession, run_id: str) -> Sequence[Artifact]:
    """All artifacts of a run."""
    query = select(Artifact).where(Artifact.run_id == run_id).order_by(Artifact.created_at)
    return (await session.scalars(query)).all()
