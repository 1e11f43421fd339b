"""Pools that a cluster had for runs of yesterday are not told of any more."""

import pytest

from orquestra.engine.clusters import store
from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.engine.reconciling.views import unreleased_clusters
from orquestra.sdk.schema.cluster import NodeState
from tests.unit.engine.conftest import AT

pytestmark = pytest.mark.anyio


@pytest.fixture
async def head(submit, head_of):
    return head_of(await submit())


async def add_pool(services, cluster_id, name, *, min_nodes=0, node: NodeState | None = None):
    async with services.database.writing() as session:
        size = {"cpu": 1, "memory": 2**30, "gpu": 0}
        session.add(
            ClusterPool(
                cluster_id=cluster_id,
                id=name,
                image=name,
                pinned_image=name,
                min_nodes=min_nodes,
                max_nodes=1,
                **size,
            )
        )
        await session.flush()
        if node is not None:
            session.add(
                Node(
                    cluster_id=cluster_id,
                    id=f"n-{name}",
                    pool_id=name,
                    request_id="r",
                    tags={},
                    state=node,
                    requested_at=AT,
                    ended_at=AT if node.is_final() else None,
                )
            )


async def test_only_pools_with_a_run_a_node_or_a_promise_are_told(services, head):
    async with services.database.reading() as session:
        of_run = {pool.id for pool in await store.pools(session, head.cluster_id)}
    await add_pool(services, head.cluster_id, "unused")
    await add_pool(services, head.cluster_id, "left", node=NodeState.STOPPED)
    await add_pool(services, head.cluster_id, "leaving", node=NodeState.STOPPING)
    await add_pool(services, head.cluster_id, "promised", min_nodes=1)

    told = {pool.id for pool in (await head.work()).pools}

    assert told == {*of_run, "leaving", "promised"}


async def test_images_of_pools_that_nobody_uses_are_not_pulled_either(services, head):
    await add_pool(services, head.cluster_id, "unused")
    await add_pool(services, head.cluster_id, "leaving", node=NodeState.STOPPING)

    async with services.database.reading() as session:
        (view,) = await unreleased_clusters(session)

    assert "leaving" in view.images
    assert "unused" not in view.images
