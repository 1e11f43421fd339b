"""Runs with all their tasks as they are now. There may be a hundred thousand.

Rows are read in one session, which ends then; what follows from them is worked out in a thread.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Run
from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.engine.runs import reasons, store, views
from orquestra.engine.runs.tasks import Attempt, Elements, Task, tasks_of
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema import api

_MANY_TASKS = 1000
"""Fewer are looked at within some ten milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What is recorded of a run. `reason` is why it has not begun, `places` what tasks wait for."""

    run: Run
    definition: ParsedDefinition
    attempts: Sequence[Attempt]
    elements: Mapping[str, Elements] | None
    reason: str | None
    places: Mapping[str, str]


async def read(services: EngineServices, run_id: str) -> Recorded:
    """What is recorded of a run now.

    Raises:
        NotFound: There is no such run.
    """
    async with services.database.reading() as session:
        run = await store.existing(session, run_id)
        definition = await services.definitions.of_run(session, run)
        has_maps = bool(definition.maps)
        names = definition.document.task_invocations if has_maps else None
        return Recorded(
            run=run,
            definition=definition,
            attempts=await store.attempts(session, run.id, of=names),
            elements=await store.elements(session, run.id) if has_maps else None,
            reason=await reasons.why_not_begun(session, run),
            places=await reasons.places(session, run),
        )


def tasks(recorded: Recorded) -> Sequence[Task]:
    """The tasks of a run, in the order of its definition. Those that wait say what for."""
    run, definition = recorded.run, recorded.definition
    found = tasks_of(
        run,
        invocation_ids=definition.document.task_invocations,
        attempts=recorded.attempts,
        elements=recorded.elements,
    )
    return reasons.explained(
        run,
        list(found),
        reason=recorded.reason,
        definition=definition,
        places=recorded.places,
    )


def is_long(run: Run) -> bool:
    """Whether it takes long to look at all tasks of a run."""
    return run.total_tasks > _MANY_TASKS


async def document(services: EngineServices, run: Run) -> bytes:
    """The JSON of `api.Envelope[api.Run]` of a run as it is now; raises as `read` does."""

    async def look() -> bytes:
        return await asyncio.to_thread(_document, await read(services, run.id))

    return await services.looks.share(("document", run.id), look, is_long=is_long(run))


async def brief(session: AsyncSession, run: Run) -> bytes:
    """The same document without the tasks."""
    return _written(views.run(run, (), reason=await reasons.why_not_begun(session, run)))


def _document(recorded: Recorded) -> bytes:
    return _written(views.run(recorded.run, tasks(recorded), reason=recorded.reason))


def _written(run: api.Run) -> bytes:
    # Not by FastAPI, which would check each task again.
    return api.Envelope(data=run).model_dump_json(by_alias=True, exclude_none=True).encode()
