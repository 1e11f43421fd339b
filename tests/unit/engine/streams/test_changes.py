"""Who watches a run hears of its changes."""

import asyncio
from datetime import timedelta

import pytest

from orquestra.engine.streams.changes import RunChanges, Watch

pytestmark = pytest.mark.anyio

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=30)


async def test_a_cancellation_that_comes_with_a_change_counts():
    changes = RunChanges()
    with changes.watching("run") as watch:
        waiting = asyncio.create_task(watch.changed(within=LONG))
        await asyncio.sleep(0)
        changes.announce("run")
        await asyncio.sleep(0)  # it is to be woken, and is cancelled in the same tick
        waiting.cancel()

        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_watches_beside_each_other_wake_together_and_know_which_it_was():
    changes, others = RunChanges(), RunChanges()
    with changes.watching("run") as one, others.watching("run", Watch(beside=one)) as other:
        changes.announce("run")

        assert await other.changed(within=LONG)
        assert (one.take(), one.take(), other.take()) == (True, False, False)


async def test_a_change_before_the_first_wait_is_not_missed():
    changes = RunChanges()

    with changes.watching("run") as watch:
        changes.announce("run")
        changes.announce("other")

        assert await watch.changed(within=LONG)
        assert not await watch.changed(within=AT_ONCE)


async def test_who_has_stopped_watching_leaves_nothing():
    changes = RunChanges()

    with changes.watching("run"), changes.watching("run"):
        pass

    assert changes._watches == {}
