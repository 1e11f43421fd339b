"""What an administrator does with the data of an engine, whether that runs or not.

An engine that runs keeps what it knows of users and workspaces for a second at most, and then
asks the database again: that is how soon what is changed here counts.
"""

import asyncio
import os
import pwd
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.opening import open_database
from orquestra.engine.errors import ConfigurationError
from orquestra.engine.occupancy import sole_use
from orquestra.engine.settings import DataFolder

ResultT = TypeVar("ResultT")

Work = Callable[[AsyncSession], Coroutine[Any, Any, ResultT]]
"""Something to do in one transaction."""


def data_folder(path: Path, *, make: bool = False) -> DataFolder:
    """The data folder of an engine; with `make`, a new one where there is none.

    Raises:
        ConfigurationError: There is none, or it is another user's.
    """
    folder = DataFolder(path.expanduser().resolve())
    if not (make or folder.database.exists()):
        raise ConfigurationError(
            f"There are no data of an engine in {folder.root}. Name their folder with --data."
        )
    if folder.root.exists():
        _check_owner(folder.root)
    folder.create()
    return folder


def _check_owner(folder: Path) -> None:
    """Keep root from leaving files in it that the engine cannot read."""
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        name = _name(owner)
        raise ConfigurationError(
            f"The data folder {folder} is the one of {name}. Run the command as this user: "
            f"`sudo -u {name} orq engine ...`."
        )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"'#{user}'"  # as sudo takes it


def administer(folder: DataFolder, work: Work[ResultT]) -> ResultT:
    """Do something to the database of a data folder: all of it, or nothing if it fails.

    Raises:
        ConfigurationError: The engine writes for long. Or the database is of another release than
            this one; where it is of an older one, only as long as its engine runs.
    """
    return asyncio.run(_administer(folder, work))


def look(folder: DataFolder, work: Work[ResultT]) -> ResultT:
    """Look something up in the database of a data folder, also while somebody writes.

    Raises:
        ConfigurationError: The database is of another release than this one, as above.
    """
    return asyncio.run(_look(folder, work))


async def _administer(folder: DataFolder, work: Work[ResultT]) -> ResultT:
    with _told_if_busy():
        async with (
            open_database(folder.database, change=sole_use(folder), durable=True) as database,
            database.writing() as session,
        ):
            return await work(session)


async def _look(folder: DataFolder, work: Work[ResultT]) -> ResultT:
    with _told_if_busy():
        async with (
            open_database(folder.database, change=sole_use(folder)) as database,
            database.reading() as session,
        ):
            return await work(session)


@contextmanager
def _told_if_busy() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            raise ConfigurationError(
                "The engine is busy writing to its database, so nothing was changed. Try again."
            ) from error
        raise
