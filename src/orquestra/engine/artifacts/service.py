"""Storing values and handing them out."""

import asyncio
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts import store, wire
from orquestra.engine.database.tables import Artifact, Run
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import BadRequest, Forbidden, NotFound
from orquestra.engine.runs import store as runs
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import State

_FORMATS = (ir.ArtifactFormat.JSON.value, ir.ArtifactFormat.ENCODED_PICKLE.value)


async def put(
    services: EngineServices,
    run_id: str,
    *,
    artifact_node_id: str,
    value_format: str,
    content: AsyncIterable[bytes],
    definition: ParsedDefinition,
) -> None:
    """Store a value of a run. Storing the same one again replaces it, and keeps its id.

    The bytes go to a file of their own first: of two who store at once the later one wins whole,
    and who is reading the older file reads on.

    Raises:
        BadRequest: The definition has no such artifact, or the format is not one of ours.
    """
    if value_format not in _FORMATS:
        raise BadRequest(f"The format of an artifact must be one of {', '.join(_FORMATS)}.")
    node_id = ir.ArtifactNodeId(artifact_node_id)
    if node_id not in definition.producers:
        raise BadRequest(f"The definition has no artifact {artifact_node_id!r}.")
    file = str(uuid.uuid4())
    size = await services.artifacts.write(run_id, file, content=content)
    row = Artifact(
        id=str(uuid.uuid4()),
        run_id=run_id,
        artifact_node_id=artifact_node_id,
        invocation_id=definition.producers[node_id],
        packed=definition.document.artifact_nodes[node_id].artifact_index is None,
        file=file,
        format=value_format,
        size=size,
        created_at=services.clock(),
    )
    await _record(services, row)


async def get(services: EngineServices, artifact_id: str, *, user: str) -> AsyncIterator[str]:
    """A value as JSON, in pieces.

    Raises:
        NotFound: There is no such artifact.
        Forbidden: It belongs to somebody else's run.
    """
    async with services.database.reading() as session:
        artifact = await store.get(session, artifact_id)
        if artifact is None:
            raise NotFound(f"There is no artifact {artifact_id!r}.")
        _check_owner(await runs.get(session, artifact.run_id), user)
    return _pieces(services, artifact)


async def results(services: EngineServices, result_id: str, *, user: str) -> AsyncIterator[str]:
    """The outputs of a run, in the order of its definition, as JSON in pieces.

    Raises:
        NotFound: No run that has succeeded has this result id.
        Forbidden: The run belongs to somebody else.
    """
    async with services.database.reading() as session:
        run = await runs.of_result(session, result_id)
        if run is None or run.state is not State.SUCCEEDED:
            raise NotFound(f"There is no result {result_id!r}.")
        _check_owner(run, user)
        definition = (await services.definitions.of_run(session, run)).document
        artifacts = {row.artifact_node_id: row for row in await store.of_run(session, run.id)}
    constants = definition.constant_nodes
    outputs = [
        constants.get(ir.ConstantNodeId(output_id)) or artifacts[output_id]
        for output_id in definition.output_ids
    ]
    return _joined(services, outputs)


async def packed_by_invocation(session: AsyncSession, run_id: str) -> dict[str, str]:
    """Ids of the complete results that a run has so far, by invocation."""
    rows = await store.of_run(session, run_id)
    return {row.invocation_id: row.id for row in rows if row.packed}


async def _record(services: EngineServices, row: Artifact) -> None:
    """Write the record, then delete the file that is of no more use: an older one, or its own."""
    useless: str | None = row.file
    try:
        async with services.database.writing() as session:
            replaced = await store.put(session, row)
        useless = replaced
    finally:
        if useless:
            await services.artifacts.delete(row.run_id, useless)


async def _joined(
    services: EngineServices, outputs: Sequence[ir.ConstantNode | Artifact]
) -> AsyncIterator[str]:
    yield '{"results":['
    separator = ""
    for output in outputs:
        yield separator
        if isinstance(output, Artifact):
            async for piece in _pieces(services, output):
                yield piece
        else:
            yield await asyncio.to_thread(wire.constant_value, output)
        separator = ","
    yield '],"type":"ComputeEngineWorkflowResult"}'


def _pieces(services: EngineServices, artifact: Artifact) -> AsyncIterator[str]:
    content = services.artifacts.stream(artifact.run_id, artifact.file)
    return wire.stored_value(ir.ArtifactFormat(artifact.format), content)


def _check_owner(run: Run | None, user: str) -> None:
    if run is None or run.owner != user:
        raise Forbidden("This value belongs to somebody else's run.")
