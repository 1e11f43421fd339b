"""Pages of a list, newest first. A token names the last item of a page: `<time>,<id>`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, tuple_

from orquestra.engine.errors import BadRequest

MAX_PAGE_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a page ended."""

    at: datetime
    id: str

    def token(self) -> str:
        """The position as the client passes it back."""
        return f"{self.at.isoformat()},{self.id}"


def position(token: str | None) -> Position | None:
    """Read a page token; None and the empty one mean the beginning.

    Raises:
        BadRequest: The token is not one of ours.
    """
    if not token:
        return None
    time, _, identifier = token.partition(",")
    try:
        return Position(at=datetime.fromisoformat(time), id=identifier)
    except ValueError as error:
        raise BadRequest(
            f"The page token {token!r} is not one that this server gave out."
        ) from error


def page_size(requested: int | None) -> int:
    """Items of a page: as asked, at most `MAX_PAGE_SIZE`, which is also the default."""
    return MAX_PAGE_SIZE if requested is None else min(max(requested, 0), MAX_PAGE_SIZE)


def older_than(time: Any, identifier: Any, *, position: Position) -> ColumnElement[bool]:
    """The condition that a row comes after a position, newest first."""
    return tuple_(time, identifier) < tuple_(position.at, position.id)
