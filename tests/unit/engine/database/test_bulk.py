"""Rows that are written at once are those that SQLAlchemy would have written one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import DateTime, select
from sqlalchemy.dialects import sqlite

from orquestra.engine.database import bulk
from orquestra.engine.database.sessions import Database, after_commit
from orquestra.engine.database.tables import Cluster, Table

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
COLUMNS = (
    "id",
    "shared",
    "created_at",
    "head_image",
    "head_cpu",
    "head_memory",
    "head_launches",
    "head_address",
    "retired",
    "released",
)


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "engine.db")
    async with database.writing() as session:
        await (await session.connection()).run_sync(Table.metadata.create_all)
    yield database
    await database.close()


def row(name: str, *, image: str = "i", address: str | None = None) -> list[bulk.Cell]:
    created = bulk.stored_time(AT.timestamp())
    return [name, False, created, image, 0.5, 2**40, 0, address, True, False]


async def write(database, *rows, **options) -> list[Cluster]:
    async with database.writing() as session:
        await bulk.upsert(session, Cluster, rows, columns=COLUMNS, keys=("id",), **options)
    async with database.reading() as session:
        return list(await session.scalars(select(Cluster).order_by(Cluster.id)))


async def test_every_kind_of_cell_arrives_as_it_was(database):
    (found,) = await write(database, row('a "b" ü'), filled=("head_image",))

    assert (found.id, found.shared, found.retired) == ('a "b" ü', False, True)
    assert (found.created_at, found.head_cpu, found.head_memory) == (AT, 0.5, 2**40)
    assert found.head_address is None


async def test_known_rows_change_where_they_are_to(database):
    await write(database, row("a", address="1:2"), replaced=("head_image",))

    options = {"replaced": ("head_image",), "filled": ("head_address",)}
    first, second = await write(database, row("a", image="j"), row("b"), **options)

    assert (first.head_image, first.head_address) == ("j", "1:2")
    assert second.head_image == "i"


async def test_of_two_rows_with_one_key_the_later_one_counts(database):
    rows = [row("a", image="first"), row("a", image="second")]

    (found,) = await write(database, *rows, replaced=("head_image",))

    assert found.head_image == "second"


async def test_no_rows_are_no_change(database):
    assert await write(database, replaced=("head_image",)) == []


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)))  # noqa: DTZ001 - as stored
def test_a_time_is_stored_as_sqlalchemy_does_it(moment):
    stores = DateTime().dialect_impl(sqlite.dialect()).bind_processor(sqlite.dialect())

    stored = bulk.stored_time(moment.replace(tzinfo=UTC).timestamp())

    exact = timedelta(microseconds=1)
    assert stored in {stores(moment - exact), stores(moment), stores(moment + exact)}


async def test_what_comes_after_a_commit_comes_after_it_or_never(database):
    done = []

    async def write_and(name: str, *, fail: bool) -> None:
        async with database.writing() as session:
            after_commit(session, lambda: done.append(name))
            assert name not in done
            if fail:
                raise RuntimeError

    await write_and("committed", fail=False)
    with pytest.raises(RuntimeError):
        await write_and("undone", fail=True)

    assert done == ["committed"]
