"""Sessions of many tasks at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from orquestra.engine.database.migrating import migrate
from orquestra.engine.database.sessions import Database
from orquestra.engine.errors import Overloaded

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path):
    migrate(tmp_path / "engine.db")
    database = Database(tmp_path / "engine.db")
    yield database
    await database.close()


async def test_many_writers_wait_for_each_other_and_readers_for_nobody(database):
    counted = 0
    writing = asyncio.Event()

    async def write():
        nonlocal counted
        async with database.writing() as session:
            writing.set()
            await session.execute(text("DELETE FROM runs"))
            await asyncio.sleep(0.02)
            counted += 1

    writers = [asyncio.create_task(write()) for _ in range(30)]
    await writing.wait()
    await database.ping()
    finished_before_the_look = counted

    await asyncio.gather(*writers)

    assert counted == 30
    assert finished_before_the_look < 15


async def test_who_looks_is_not_in_the_way_of_who_writes(database):
    done = asyncio.Event()

    async def look():
        async with database.reading() as session:
            await session.execute(text("SELECT 1"))
            await done.wait()

    looking = [asyncio.create_task(look()) for _ in range(40)]
    await asyncio.sleep(0.1)

    async with database.writing() as session:
        await session.execute(text("DELETE FROM runs"))
    done.set()
    await asyncio.gather(*looking)


async def test_who_gets_no_connection_is_told_to_try_again(database, monkeypatch):
    monkeypatch.setattr(database._reader.pool, "_timeout", 0.05)

    async def hold(sessions):
        for _ in range(8):
            session = await sessions.enter_async_context(database.reading())
            await session.execute(text("SELECT 1"))

    async with AsyncExitStack() as sessions:
        await hold(sessions)
        with pytest.raises(Overloaded, match="Try again"):
            await database.ping()
    await database.ping()


async def test_an_error_undoes_a_whole_session(database):
    async def fail():
        async with database.writing() as session:
            await session.execute(text("CREATE TABLE t (x)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    async with database.reading() as session:
        tables = await session.execute(text("SELECT name FROM sqlite_master WHERE name = 't'"))
    assert tables.all() == []


@pytest.mark.parametrize(("durable", "level"), [(False, 1), (True, 2)])
async def test_only_a_durable_database_waits_for_the_disk(tmp_path, durable, level):
    """SQLite syncs each commit in FULL (2); in NORMAL (1) a power cut takes the last ones."""
    database = Database(tmp_path / "engine.db", durable=durable)

    async with database.writing() as session:
        found = (await session.execute(text("PRAGMA synchronous"))).scalar_one()

    await database.close()
    assert found == level
