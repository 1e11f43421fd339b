"""How long nodes of an image take, from those that joined last."""

from datetime import timedelta

import pytest

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.tables import ClusterPool, Node
from orquestra.engine.nodes import store
from orquestra.sdk.schema.cluster import NodeState
from tests.unit.engine.conftest import AT, asked_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def head(submit, head_of):
    return head_of(await submit())


async def pool_of(services, cluster_id):
    async with services.database.reading() as session:
        pools = await clusters.pools(session, cluster_id)
    return next(pool for pool in pools if "solver" in pool.image)


async def joined(services, pool: ClusterPool, *seconds: float) -> None:
    """Nodes that joined one after the other, so long after they had been asked for."""
    async with services.database.writing() as session:
        for number, taken in enumerate(seconds):
            session.add(
                Node(
                    cluster_id=pool.cluster_id,
                    id=f"n-{number}",
                    pool_id=pool.id,
                    pinned_image=pool.pinned_image,
                    request_id="r",
                    tags={},
                    state=NodeState.STOPPED,
                    requested_at=AT + timedelta(minutes=number),
                    joined_at=AT + timedelta(minutes=number, seconds=taken),
                    ended_at=AT + timedelta(hours=1),
                )
            )


async def test_the_median_of_the_last_five_is_told_to_the_cluster(services, head):
    pool = await pool_of(services, head.cluster_id)
    await joined(services, pool, 50, 50, 50, 4, 1, 2, 30, 3)

    plans = {plan.id: plan.boot_seconds for plan in (await head.work()).pools}

    assert plans.pop(pool.id) == 3
    assert set(plans.values()) == {None}


async def test_an_image_that_joined_less_often_counts_with_what_there_is(services, head):
    pool = await pool_of(services, head.cluster_id)
    await joined(services, pool, 7, 9, 8)

    async with services.database.reading() as session:
        found = await store.boot_times(session, [pool.pinned_image, "never seen"])

    assert found == {pool.pinned_image: timedelta(seconds=8)}


async def test_all_images_are_asked_about_at_once(services):
    statements = asked_of(services)

    async with services.database.reading() as session:
        await store.boot_times(session, [f"image-{number}" for number in range(40)])

    assert len([text for text in statements if "SELECT" in text]) == 1


async def test_nodes_know_their_image(services, head):
    pool = await pool_of(services, head.cluster_id)

    (node,) = (await head.want(pool.id, 1)).json()

    async with services.database.reading() as session:
        row = await store.get(session, head.cluster_id, node_id=node["id"])
    assert row.pinned_image == pool.pinned_image
