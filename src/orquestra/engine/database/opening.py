"""The database of a data folder, for an engine and for its administrator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

from orquestra.engine.database.migrating import migrate
from orquestra.engine.database.sessions import Database


@asynccontextmanager
async def open_database(
    path: Path, *, change: AbstractContextManager[None] | None = None, durable: bool = False
) -> AsyncIterator[Database]:
    """The database in a file, of the newest schema. Its end closes all connections.

    Args:
        path: The file; made where there is none.
        change: What holds while the schema is changed, if it is.
        durable: Whether changes are to outlive a power cut.

    Raises:
        ConfigurationError: A newer release has made it, or `change` says so.
    """
    await asyncio.to_thread(migrate, path, change=change)
    database = Database(path, durable=durable)
    try:
        yield database
    finally:
        await database.close()
