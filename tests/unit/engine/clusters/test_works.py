"""Waiting for work."""

import asyncio
from datetime import timedelta

import pytest

from orquestra.engine.clusters import service
from orquestra.engine.clusters.works import ClusterWorks
from orquestra.sdk.schema.workflow_run import State
from tests.unit.engine.conftest import finished

pytestmark = pytest.mark.anyio

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=30)


@pytest.fixture
def works():
    return ClusterWorks()


async def test_who_knows_nothing_is_answered_at_once(works):
    assert await works.wait("c", 0, within=LONG) > 0


async def test_who_knows_the_newest_waits_for_the_next(works):
    known = await works.wait("c", 0, within=LONG)
    waiting = [asyncio.create_task(works.wait("c", known, within=LONG)) for _ in range(2)]
    other = asyncio.create_task(works.wait("other", known, within=LONG))
    await asyncio.sleep(0)

    works.announce("c")

    assert await asyncio.gather(*waiting) == [known + 1, known + 1]
    assert not other.done()
    other.cancel()


async def test_nothing_new_gives_the_known_version_in_the_end(works):
    known = await works.wait("c", 0, within=LONG)

    assert await works.wait("c", known, within=AT_ONCE) == known


async def test_nobody_waits_for_an_engine_that_stops(works):
    known = await works.wait("c", 0, within=LONG)
    waiting = asyncio.create_task(works.wait("c", known, within=LONG))
    await asyncio.sleep(0)

    works.close()

    assert await waiting == known
    assert await works.wait("c", known, within=LONG) == known


async def test_a_cluster_that_is_gone_keeps_nobody_waiting_and_leaves_nothing(works):
    known = await works.wait("c", 0, within=LONG)
    waiting = asyncio.create_task(works.wait("c", known, within=LONG))
    await asyncio.sleep(0)

    works.forget("c")

    await waiting
    assert (works._versions, works._waiting) == ({}, {})


async def test_a_head_is_told_of_its_run_and_its_pools(submit, head_of):
    run_id = await submit()

    work = await head_of(run_id).work()

    assert work.runs == [run_id]
    assert {pool.image for pool in work.pools} >= {"registry.example.com/solver:1"}
    assert [(pool.min_nodes, pool.max_nodes) for pool in work.pools] == [(0, 2)] * len(work.pools)


async def test_a_head_that_waits_learns_at_once_that_its_run_was_stopped(
    submit, head_of, user, services
):
    run_id = await submit()
    head = head_of(run_id)
    known = await head.work()
    waiting = asyncio.create_task(head.call("GET", f"work?after={known.version}"))
    while not services.works._waiting.get(run_id):
        assert not waiting.done()
        await asyncio.sleep(0)

    await user.post(f"/api/workflow-runs/{run_id}/terminate")

    assert (await waiting).status_code == 410


async def test_a_cluster_that_is_over_answers_everything_with_410(submit, head_of):
    run_id = await submit()
    head = head_of(run_id)
    await head.tell(1, [finished(run_id, State.FAILED)])

    for method, path in (
        ("GET", "work?after=0"),
        ("GET", f"runs/{run_id}/plan"),
        ("GET", f"runs/{run_id}/definition"),
        ("GET", "nodes"),
        ("DELETE", "nodes/n-1"),
    ):
        assert (await head.call(method, path)).status_code == 410, path
    assert (await head.tell(2, [])).status_code == 410
    assert (await head.want("p", 1)).status_code == 410


async def test_work_is_never_older_than_its_version(services, submit):
    run_id = await submit()
    first = await service.work(services, run_id, after=0, patience=AT_ONCE)

    again = await service.work(services, run_id, after=first.version, patience=AT_ONCE)

    assert again == first
