"""Long looks at runs are shared, few at a time, and as new as if nobody had shared them."""

import asyncio
import threading

import pytest

from orquestra.engine.database.tables import Run
from orquestra.engine.runs import snapshots
from orquestra.engine.runs.looks import Looks

pytestmark = pytest.mark.anyio


@pytest.fixture
def looks():
    return Looks()


class Slow:
    """A look that lasts until it is let go, and finds how many have begun."""

    def __init__(self):
        self.begun = 0
        self.end = asyncio.Event()

    async def __call__(self):
        self.begun += 1
        found = self.begun
        await self.end.wait()
        return found


async def passed():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_comes_while_a_look_is_made_shares_the_next_one(looks):
    slow = Slow()
    first = asyncio.create_task(looks.share("a", slow))
    await passed()
    later = [asyncio.create_task(looks.share("a", slow)) for _ in range(20)]
    await passed()

    slow.end.set()

    assert await first == 1
    assert set(await asyncio.gather(*later)) == {2}


async def test_only_a_few_long_ones_are_made_at_a_time(looks):
    slow = Slow()
    waiting = [asyncio.create_task(looks.share(kind, slow, is_long=True)) for kind in range(20)]
    await passed()
    assert slow.begun == 2

    at_once = Slow()
    at_once.end.set()
    assert await looks.share("short", at_once) == 1

    slow.end.set()

    assert sorted(await asyncio.gather(*waiting)) == [*range(1, 21)]


async def test_who_goes_away_leaves_the_look_to_the_others(looks):
    slow = Slow()
    gone, there = (asyncio.create_task(looks.share("a", slow)) for _ in range(2))
    await passed()
    gone.cancel()
    slow.end.set()

    assert await there == 1
    assert slow.begun == 1


async def test_an_error_is_told_to_all_and_the_next_look_is_made_anew(looks):
    async def broken():
        raise LookupError

    found = await asyncio.gather(
        *(looks.share("a", broken) for _ in range(3)), return_exceptions=True
    )
    assert [type(error) for error in found] == [LookupError] * 3

    slow = Slow()
    slow.end.set()
    assert await looks.share("a", slow) == 1


async def test_long_looks_of_one_user_hold_up_nobody_else(user, submit, services, monkeypatch):
    *runs, small = [await submit() for _ in range(13)]
    async with services.database.writing() as session:
        for run_id in runs:
            (await session.get_one(Run, run_id)).total_tasks = 100_000
    done = threading.Event()
    build = snapshots._document

    def take_long(recorded):
        assert recorded.run.id == small or done.wait(30)
        return build(recorded)

    monkeypatch.setattr(snapshots, "_document", take_long)
    looking = [asyncio.create_task(user.get(f"/api/workflow-runs/{run_id}")) for run_id in runs * 3]
    await asyncio.sleep(0.2)

    short = await user.get(f"/api/workflow-runs/{runs[0]}?tasks=false")
    tasks = await user.get(f"/api/workflow-runs/{small}")
    stop = await user.post(f"/api/workflow-runs/{runs[0]}/terminate")
    done.set()
    answers = await asyncio.gather(*looking)

    assert (short.status_code, tasks.status_code, stop.status_code) == (200, 200, 204)
    assert len(tasks.json()["data"]["taskRuns"]) == 2
    assert {answer.status_code for answer in answers} == {200}
    assert answers[-1].json()["data"]["id"] == runs[-1]
