"""What an administrator does with the users of an engine, whether it runs or not."""

import asyncio

from orquestra.engine.clock import system_clock
from orquestra.engine.database.migrating import migrate
from orquestra.engine.database.sessions import Database
from orquestra.engine.settings import DataFolder
from orquestra.engine.users import service


def ensure_user(folder: DataFolder, user_id: str) -> None:
    """Make a user where there is none of the name."""
    asyncio.run(_ensure_user(folder, user_id))


async def _ensure_user(folder: DataFolder, user_id: str) -> None:
    migrate(folder.database)
    database = Database(folder.database)
    try:
        async with database.writing() as session:
            await service.ensure(session, user_id, at=system_clock())
    finally:
        await database.close()
