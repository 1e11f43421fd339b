"""How long a stream goes on, and when it gives a sign of life."""

from datetime import timedelta

import pytest

from orquestra.engine.streams import connections
from orquestra.engine.streams.changes import RunChanges
from orquestra.engine.streams.connections import Connection

pytestmark = pytest.mark.anyio

BEAT = timedelta(seconds=15)


@pytest.fixture
def clock(monkeypatch):
    """Lets time pass, in seconds."""
    now = [1000.0]
    monkeypatch.setattr(connections.time, "monotonic", lambda: now[0])

    def passes(seconds: float) -> None:
        now[0] += seconds

    return passes


@pytest.fixture
def asked():
    return []


@pytest.fixture
def connection(clock, asked):
    async def still_may_see():
        asked.append(1)
        return len(asked) < 3

    return Connection(RunChanges(), beat=BEAT, still_may_see=still_may_see)


async def test_the_right_is_asked_for_once_a_beat(connection, clock, asked):
    assert await connection.lasts()
    assert len(asked) == 0

    for times in (1, 2):
        clock(15)
        assert [await connection.lasts() for _ in range(3)] == [True] * 3
        assert len(asked) == times

    clock(15)
    assert not await connection.lasts()


async def test_it_ends_when_the_engine_stops():
    changes = RunChanges()
    connection = Connection(changes, beat=BEAT)
    assert await connection.lasts()

    changes.close()

    assert not await connection.lasts()


async def test_it_is_quiet_when_nothing_was_said_for_a_beat(connection, clock):
    clock(10)
    connection.spoke()
    clock(10)
    assert not connection.is_quiet()
    assert connection.left() == timedelta(seconds=5)

    clock(5)

    assert connection.is_quiet()
    assert connection.left() == timedelta(0)
