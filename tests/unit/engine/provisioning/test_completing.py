"""A thread that was begun is waited for, whatever becomes of who began it."""

import asyncio
import threading

import pytest

from orquestra.engine.provisioning.completing import completed


def test_a_cancellation_takes_effect_when_the_work_has_ended():
    may_end, has_ended = threading.Event(), threading.Event()

    def work():
        may_end.wait(5)
        has_ended.set()

    async def scenario():
        task = asyncio.create_task(completed(asyncio.to_thread(work)))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        still_waits = not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return still_waits

    assert asyncio.run(scenario())
    assert has_ended.is_set()


def test_results_and_failures_are_passed_on():
    def fail():
        raise KeyError("no")

    assert asyncio.run(completed(asyncio.to_thread(lambda: 3))) == 3
    with pytest.raises(KeyError):
        asyncio.run(completed(asyncio.to_thread(fail)))
