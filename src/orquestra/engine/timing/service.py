"""Gathering what is recorded of a run."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Run
from orquestra.engine.nodes import store as nodes
from orquestra.engine.runs import store as runs
from orquestra.engine.runs.snapshots import is_long
from orquestra.engine.services import EngineServices
from orquestra.engine.timing.ledger import Recorded, run_timing
from orquestra.sdk.schema import api


async def document(services: EngineServices, run: Run) -> str:
    """The JSON of `api.Envelope[api.RunTiming]` of a run as it is now.

    Raises:
        NotFound: There is no such run.
    """

    async def look() -> str:
        async with services.database.reading() as session:
            found = await recorded(services, session, await runs.existing(session, run.id))
        return await asyncio.to_thread(_written, found)

    return await services.looks.share(("timing", run.id), look, is_long=is_long(run))


def _written(found: Recorded) -> str:
    return api.Envelope(data=run_timing(found)).model_dump_json(by_alias=True)


async def recorded(services: EngineServices, session: AsyncSession, run: Run) -> Recorded:
    """All that the ledger of a run is made of."""
    definition = await services.definitions.of_run(session, run)
    attempts = await runs.attempts(session, run.id)
    pools = {
        invocation_id: pool.pool_id
        for pool in await runs.run_pools(session, run.id)
        for invocation_id in pool.invocations
    }
    return Recorded(
        attempts=attempts,
        nodes=await nodes.during(session, run),
        pools={pool.id: pool for pool, _ in await runs.pools(session, run)},
        pool_of={
            name: pools[definition.invocation_of(name)]
            for name in {attempt.invocation_id for attempt in attempts}
        },
        function_of={
            attempt.invocation_id: definition.task_name(attempt.invocation_id)
            for attempt in attempts
        },
        now=services.clock(),
    )
