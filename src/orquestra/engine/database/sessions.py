"""Connections to the database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from orquestra.engine.errors import Overloaded

LOCK_PATIENCE = timedelta(seconds=10)
"""How long a change waits for those of other processes."""

_READERS = 8
_READ_PATIENCE = timedelta(minutes=1)
"""How long a look waits for others to end: each takes milliseconds, but many may come at once."""

_AFTER_COMMIT = "orquestra_after_commit"


def after_commit(session: AsyncSession, action: Callable[[], None]) -> None:
    """Do something once what a writing session has changed can be seen by others, or never."""
    session.info.setdefault(_AFTER_COMMIT, []).append(action)


class Database:
    """Sessions on the engine's database: `reading` for looks, `writing` for changes.

    SQLite has one writer at a time. A transaction that reads first and writes later fails at
    once when another writer was between, so writing ones take SQLite's lock when they begin; and
    they queue for it here, since SQLite lets those who wait overtake each other until some fail.

    A change that was committed outlives any process; with `durable` also a power cut.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        address = f"sqlite+aiosqlite:///{path}"
        self._reader = create_async_engine(
            address, pool_size=_READERS, max_overflow=0, pool_timeout=_READ_PATIENCE.total_seconds()
        )
        _tune(self._reader, begin="BEGIN", durable=durable)
        # A connection of its own, so that nobody who looks is in the way of a change.
        self._writer = create_async_engine(address, pool_size=1, max_overflow=0)
        _tune(self._writer, begin="BEGIN IMMEDIATE", durable=durable)
        self._queue = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are thrown away.

        Raises:
            Overloaded: There was no connection for it for a minute.
        """
        try:
            async with AsyncSession(self._reader, expire_on_commit=False) as session:
                yield session
        except PoolTimeoutError as error:
            raise Overloaded(
                "Too many requests look something up at once. Try again in a moment."
            ) from error

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at its end, or changes nothing if it ends with an error."""
        async with (
            self._queue,
            AsyncSession(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
        for action in session.info.get(_AFTER_COMMIT, ()):
            action()

    async def ping(self) -> None:
        """Ask the database for anything; raises what SQLAlchemy raises."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._reader.dispose()
        await self._writer.dispose()


def _tune(engine: AsyncEngine, *, begin: str, durable: bool) -> None:
    synchronous = "FULL" if durable else "NORMAL"

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN comes too late to choose its kind, hence autocommit.
        connection.isolation_level = None
        cursor: sqlite3.Cursor = connection.cursor()
        patience = LOCK_PATIENCE // timedelta(milliseconds=1)
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            f"busy_timeout={patience}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
