"""Recording values and handing them out."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts import reading, store, wire
from orquestra.engine.auth.caller import Caller
from orquestra.engine.database import bulk
from orquestra.engine.database.tables import Artifact, Run
from orquestra.engine.definitions.opened import OpenedDefinition
from orquestra.engine.errors import BadRequest, Forbidden, NotFound
from orquestra.engine.runs import store as runs
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location, StoredValue, ValueFormat
from orquestra.sdk.schema.workflow_run import State

_BLOCK = 2**16
_ID_BYTES = 16


async def record(
    session: AsyncSession,
    run_id: str,
    values: Sequence[StoredValue],
    *,
    definition: OpenedDefinition,
    at: datetime,
) -> set[str]:
    """Record values whose files have been taken over.

    One that is known gets its new place, and keeps its id. Returns the files of the run that are
    of no use any more: to be deleted after the transaction.

    Raises:
        BadRequest: The definition has no such artifact.
    """
    created_at = bulk.stored_time(at.timestamp())
    rows = [
        (new_id, *_row(run_id, value, definition=definition, at=created_at))
        for new_id, value in zip(_new_ids(len(values)), values, strict=True)
    ]
    if not rows:
        return set()
    named = [value.artifact_id for value in values]
    replaced = await store.files_of(session, run_id, artifact_node_ids=named)
    await store.put(session, rows)
    return await store.unused(session, run_id, files=replaced) if replaced else set()


async def stored_values(session: AsyncSession, run_id: str) -> list[StoredValue]:
    """All values of a run, and where they lie."""
    return [
        StoredValue(
            ir.ArtifactNodeId(row.artifact_node_id),
            Location(row.file, row.offset, row.size, ValueFormat(row.format)),
        )
        for row in await store.of_run(session, run_id)
    ]


async def get(services: EngineServices, artifact_id: str, *, caller: Caller) -> Iterator[str]:
    """A value as JSON, in pieces.

    Raises:
        NotFound: There is no such artifact.
        Forbidden: It belongs to somebody else's run.
    """
    async with services.database.reading() as session:
        artifact = await store.get(session, artifact_id)
        if artifact is None:
            raise NotFound(f"There is no artifact {artifact_id!r}.")
        _check_may_see(await runs.get(session, artifact.run_id), caller)
    return _in_blocks(_pieces(services, artifact))


async def results(services: EngineServices, result_id: str, *, caller: Caller) -> Iterator[str]:
    """The outputs of a run, in the order of its definition, as JSON in pieces.

    Raises:
        NotFound: No run that has succeeded has this result id.
        Forbidden: The run belongs to somebody else.
    """
    async with services.database.reading() as session:
        run = await runs.of_result(session, result_id)
        if run is None or run.state is not State.SUCCEEDED:
            raise NotFound(f"There is no result {result_id!r}.")
        _check_may_see(run, caller)
        definition = (await services.definitions.of_run(session, run)).document
        made = await store.of_nodes(session, run.id, artifact_node_ids=definition.output_ids)
    artifacts = {row.artifact_node_id: row for row in made}
    constants = definition.constant_nodes
    outputs = [
        constants.get(ir.ConstantNodeId(output_id)) or artifacts[output_id]
        for output_id in definition.output_ids
    ]
    return _in_blocks(_joined(services, outputs))


async def packed_by_invocation(session: AsyncSession, run_id: str) -> dict[str, str]:
    """Ids of the complete results that a run has so far, by invocation."""
    return await store.packed(session, run_id)


def _new_ids(count: int) -> Iterator[str]:
    # At once: asking the kernel for each takes longer than all else about it.
    digits = secrets.token_hex(_ID_BYTES * count)
    length = 2 * _ID_BYTES
    return (digits[start : start + length] for start in range(0, len(digits), length))


def _row(
    run_id: str, value: StoredValue, *, definition: OpenedDefinition, at: str
) -> tuple[bulk.Cell, ...]:
    """A row of `store.COLUMNS`, without its id."""
    node_id, (file, offset, size, value_format) = value
    producer = definition.producer(node_id)
    if producer is None:
        raise BadRequest(f"The definition of run {run_id!r} has no artifact {node_id!r}.")
    return (
        run_id,
        node_id,
        producer,
        definition.is_packed(node_id),
        file,
        offset,
        size,
        value_format.value,
        at,
    )


def _joined(
    services: EngineServices, outputs: Sequence[ir.ConstantNode | Artifact]
) -> Iterator[str]:
    yield '{"results":['
    separator = ""
    for output in outputs:
        yield separator
        if isinstance(output, Artifact):
            yield from _pieces(services, output)
        else:
            yield wire.constant_value(output)
        separator = ","
    yield '],"type":"ComputeEngineWorkflowResult"}'


def _pieces(services: EngineServices, artifact: Artifact) -> Iterator[str]:
    content = reading.public_bytes(services.artifacts, artifact)
    return wire.stored_value(reading.public_format(artifact), content)


def _in_blocks(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in fewer pieces: each one is asked for in a thread of its own."""
    waiting: list[str] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= _BLOCK:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)


def _check_may_see(run: Run | None, caller: Caller) -> None:
    if run is None:
        raise Forbidden("This value belongs to somebody else's run.")
    caller.check_may_see(run, what="workflow run")
