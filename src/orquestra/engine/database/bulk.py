"""Writing thousands of rows in one statement.

SQLite reads the rows from one JSON text, in its own thread and without Python's lock; SQLAlchemy,
which would look at each value of each row, takes several times as long, and all else waits then.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, select, true
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

Cell = str | int | float | bool | None

_MICROSECONDS = 1_000_000


def stored_time(unix_seconds: float) -> str:
    """A time as the tables hold it, to the microsecond."""
    seconds, microseconds = divmod(round(unix_seconds * _MICROSECONDS), _MICROSECONDS)
    return f"{_whole_second(seconds)}.{microseconds:06}"


# Thousands of attempts begin and end within a few seconds.
@lru_cache
def _whole_second(unix_seconds: int) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def values(items: Sequence[str]) -> Select[Any]:
    """Texts as a query: one parameter, however many they are."""
    return select(func.json_each(json.dumps(items)).table_valued("value").c.value)


async def upsert(
    session: AsyncSession,
    table: type[Any],
    rows: Sequence[Sequence[Cell]],
    *,
    columns: Sequence[str],
    keys: Sequence[str],
    replaced: Sequence[str] = (),
    filled: Sequence[str] = (),
) -> None:
    """Insert rows, or change those that are there already by `keys`.

    Of these, the columns `replaced` get their new values, and the columns `filled` theirs where
    they are not null; all others stay.
    """
    known: Table = table.__table__
    row = func.json_each(json.dumps(rows)).table_valued("value").c.value
    cells = [func.json_extract(row, f"$[{number}]") for number in range(len(columns))]
    # SQLite takes the ON of an upsert for the one of a join where no WHERE is between.
    statement = insert(known).from_select(list(columns), select(*cells).where(true()))
    new = statement.excluded
    changes: dict[str, ColumnElement[Any]] = {name: new[name] for name in replaced}
    changes |= {name: func.coalesce(new[name], known.c[name]) for name in filled}
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))
