"""Places in a list that is read newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, tuple_


@dataclass(frozen=True, kw_only=True)
class Position:
    """After which row a list goes on: when that was made, and its id."""

    at: datetime
    id: str


def older_than(time: Any, identifier: Any, *, position: Position) -> ColumnElement[bool]:
    """The condition that a row comes after a position."""
    return tuple_(time, identifier) < tuple_(position.at, position.id)
