"""Rounds of the reconciler, and records as they are while something is under way."""

from functools import partial

import pytest

from orquestra.engine.clusters import store
from orquestra.engine.database.tables import Cluster, ClusterPool, Definition, Run, RunPool
from orquestra.sdk.schema.cluster import HOST_IMAGE
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import AT


async def go(reconciler, number: int = 4) -> None:
    """Rounds, each with the ends of all that it begins."""
    for _ in range(number):
        await reconciler.step()
        await reconciler.settle()


@pytest.fixture
def rounds(reconciler):
    return partial(go, reconciler)


async def clusters_of(services):
    async with services.database.reading() as session:
        return list(await store.unreleased(session))


async def executing_run(services, cluster, definition, *, name="run-1"):
    """A run that is under way on a cluster."""
    async with services.database.writing() as session:
        session.add(
            Definition(
                id=f"definition-{name}",
                name="demo",
                owner="ada",
                workspace_id="w",
                project_id="p",
                created_at=AT,
                sdk_version="2.0.0a1",
                document=definition.model_dump_json(),
            )
        )
        await session.flush()
        session.add(
            Run(
                id=name,
                definition_id=f"definition-{name}",
                cluster_id=cluster.id,
                result_id=name,
                owner="ada",
                workspace_id="w",
                project_id="p",
                state=State.RUNNING,
                warnings=[],
                created_at=AT,
                dry_run=False,
                total_tasks=2,
                completed_tasks=0,
                executing=True,
                heads_lost=0,
            )
        )


async def begin_head(services, cluster):
    async with services.database.writing() as session:
        row = await session.get_one(Cluster, cluster.id)
        row.head_began_at, row.head_address = AT, "10.0.0.2:6379"


async def pool_of_run(services, cluster, run_id, *, pool):
    """A pool of a cluster, and a run that uses it."""
    async with services.database.writing() as session:
        session.add(
            ClusterPool(
                cluster_id=cluster.id,
                id=pool,
                image="demo:1",
                pinned_image=HOST_IMAGE,
                min_nodes=0,
                max_nodes=1,
                cpu=1,
                memory=2**30,
                gpu=0,
            )
        )
        await session.flush()
        if run_id is not None:
            session.add(RunPool(run_id=run_id, pool_id=pool, max_nodes=1, invocations=[]))


async def run_of(services, name="run-1"):
    async with services.database.reading() as session:
        return await session.get_one(Run, name)
