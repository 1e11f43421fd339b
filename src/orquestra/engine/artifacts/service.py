"""Storing values and handing them out."""

import uuid
from collections.abc import AsyncIterable

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts import store
from orquestra.engine.database.tables import Artifact, Run
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import BadRequest, Forbidden, NotFound
from orquestra.engine.runs import store as runs
from orquestra.sdk.schema import ir, responses
from orquestra.sdk.schema.workflow_run import State
from orquestra.sdk.values import SerializedValue, from_wire, to_wire

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
    """Store a value of a run. Storing the same one again replaces it.

    Raises:
        BadRequest: The definition has no such artifact, or the format is not one of ours.
    """
    if value_format not in _FORMATS:
        raise BadRequest(f"The format of an artifact must be one of {', '.join(_FORMATS)}.")
    node_id = ir.ArtifactNodeId(artifact_node_id)
    if node_id not in definition.producers:
        raise BadRequest(f"The definition has no artifact {artifact_node_id!r}.")
    async with services.database.reading() as session:
        known = await store.of_node(session, run_id, artifact_node_id=artifact_node_id)
    artifact_id = known.id if known else str(uuid.uuid4())
    size = await services.artifacts.write(run_id, artifact_id, content=content)
    row = Artifact(
        id=artifact_id,
        run_id=run_id,
        artifact_node_id=artifact_node_id,
        invocation_id=definition.producers[node_id],
        packed=definition.document.artifact_nodes[node_id].artifact_index is None,
        format=value_format,
        size=size,
        created_at=services.clock(),
    )
    async with services.database.writing() as session:
        await session.merge(row)


async def get(services: EngineServices, artifact_id: str, *, user: str) -> responses.WorkflowResult:
    """A value as it goes over the wire.

    Raises:
        NotFound: There is no such artifact.
        Forbidden: It belongs to somebody else's run.
    """
    async with services.database.reading() as session:
        artifact = await store.get(session, artifact_id)
        if artifact is None:
            raise NotFound(f"There is no artifact {artifact_id!r}.")
        _check_owner(await runs.get(session, artifact.run_id), user)
    return await _wire_value(services, artifact)


async def results(
    services: EngineServices, result_id: str, *, user: str
) -> responses.ComputeEngineWorkflowResult:
    """The outputs of a run, in the order of its definition.

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
    values = [
        await _output(services, output_id, definition=definition, artifacts=artifacts)
        for output_id in definition.output_ids
    ]
    return responses.ComputeEngineWorkflowResult(results=tuple(values))


async def packed_by_invocation(session: AsyncSession, run_id: str) -> dict[str, str]:
    """Ids of the complete results that a run has so far, by invocation."""
    rows = await store.of_run(session, run_id)
    return {row.invocation_id: row.id for row in rows if row.packed}


async def _output(
    services: EngineServices,
    output_id: str,
    *,
    definition: ir.WorkflowDef,
    artifacts: dict[str, Artifact],
) -> responses.WorkflowResult:
    constant = definition.constant_nodes.get(ir.ConstantNodeId(output_id))
    if constant is not None:
        return to_wire(from_wire(constant))
    return await _wire_value(services, artifacts[output_id])


async def _wire_value(services: EngineServices, artifact: Artifact) -> responses.WorkflowResult:
    data = await services.artifacts.read(artifact.run_id, artifact.id)
    return to_wire(SerializedValue(format=ir.ArtifactFormat(artifact.format), data=data))


def _check_owner(run: Run | None, user: str) -> None:
    if run is None or run.owner != user:
        raise Forbidden("This value belongs to somebody else's run.")
