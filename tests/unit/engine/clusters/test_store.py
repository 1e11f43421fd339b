"""What stays of a run cluster of which nothing is left."""

import pytest
from sqlalchemy import select

from orquestra.engine.clusters import store
from orquestra.engine.database.tables import Cluster, ClusterPool, EventCursor
from tests.unit.engine.conftest import started

pytestmark = pytest.mark.anyio


async def test_its_history_stays_and_the_numbers_of_its_batches_go(services, submit, head_of):
    run_id, other = await submit(), await submit()
    for name in (run_id, other):
        await head_of(name).tell(1, [started(name)])

    async with services.database.writing() as session:
        await store.release(session, await session.get_one(Cluster, run_id))

    async with services.database.reading() as session:
        cursors = (await session.scalars(select(EventCursor.cluster_id))).all()
        pools = (await session.scalars(select(ClusterPool.cluster_id))).all()
    assert cursors == [other]
    assert run_id in pools
