"""What ended runs leave in the exchange of a shared cluster goes; the rest stays."""

import asyncio
from pathlib import Path

import pytest

from orquestra.engine.reconciling import tidying
from orquestra.engine.reconciling.tidying import Tidying, tidy
from tests.unit.engine.conftest import finished
from tests.unit.engine.reconciling.seen import cluster

pytestmark = pytest.mark.anyio


async def test_only_files_of_ended_runs_go(services, submit, head_of):
    head = head_of(await submit())
    exchange = services.folder.exchange(head.cluster_id)
    exchange.mkdir(parents=True, exist_ok=True)
    names = [f"{head.run_id}.w1.1", "somebody-else.w1.1", "w1.progress"]
    for name in names:
        (exchange / name).touch()

    await tidy(head.cluster_id, services=services)
    before = sorted(path.name for path in exchange.iterdir())
    await head.tell(1, [finished(head.run_id)])
    await tidy(head.cluster_id, services=services)

    assert before == sorted(names)
    assert sorted(path.name for path in exchange.iterdir()) == ["somebody-else.w1.1", "w1.progress"]


async def test_a_cluster_without_an_exchange_has_nothing_to_tidy(services):
    await tidy("local-1", services=services)


async def test_what_cannot_be_deleted_stays_and_the_rest_goes(
    services, submit, head_of, monkeypatch, caplog
):
    head = head_of(await submit())
    head.exchange.mkdir(parents=True)
    folder, held, file = (head.exchange / f"{head.run_id}.w1.{number}" for number in (1, 2, 3))
    folder.mkdir()
    held.touch()
    file.touch()
    await head.tell(1, [finished(head.run_id)])
    unlink = Path.unlink

    def unless_held(path, **options):
        if path == held:
            raise PermissionError(1, "Operation not permitted")
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", unless_held)
    await tidy(head.cluster_id, services=services)

    assert sorted(head.exchange.iterdir()) == [folder, held]
    assert f"{held} stays" in caplog.text


async def test_a_shared_cluster_is_tidied_at_first_and_when_its_work_has_changed(
    services, monkeypatch
):
    tidied = []

    async def noted(cluster_id, **_):
        tidied.append(cluster_id)
        raise OSError("the disk is gone")  # which is no reason to stop

    monkeypatch.setattr(tidying, "tidy", noted)
    clusters = Tidying(services)

    async def look(view):
        clusters.look([view])
        await asyncio.sleep(0)
        return len(tidied)

    assert await look(cluster(shared=False)) == 0
    shared = cluster(shared=True)
    assert [await look(shared), await look(shared)] == [1, 1]
    services.works.announce(shared.id)
    assert [await look(shared), await look(shared)] == [2, 2]


async def test_a_run_that_ends_changes_the_work_of_its_cluster(services, submit, head_of):
    head = head_of(await submit())
    before = services.works.version(head.cluster_id)

    await head.tell(1, [finished(head.run_id)])

    assert services.works.version(head.cluster_id) != before
