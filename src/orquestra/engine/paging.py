"""Pages of a list, newest first. A token names the last item of a page: `<time>,<id>`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, tuple_

from orquestra.engine.errors import BadRequest
from orquestra.engine.timestamps import read_timestamp, timestamp
from orquestra.sdk.schema import api

MAX_PAGE_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a page ended."""

    at: datetime
    id: str

    def token(self) -> str:
        """The position as the client passes it back."""
        return f"{timestamp(self.at)},{self.id}"


class Item(Protocol):
    """What a list shows: anything with an id and the time it was made."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""


def next_page(items: Sequence[Item], *, size: int) -> api.Meta:
    """Where a page ends; one with fewer items than asked for is the last."""
    if not items or len(items) < size:
        return api.Meta()
    last = items[-1]
    return api.Meta(next_page_token=Position(at=last.created_at, id=last.id).token())


def position(token: str | None) -> Position | None:
    """Read a page token; None and the empty one mean the beginning.

    Raises:
        BadRequest: The token is not one of ours.
    """
    if not token:
        return None
    time, _, identifier = token.partition(",")
    try:
        at = read_timestamp(time)
    except ValueError as error:
        raise BadRequest(
            f"The page token {token!r} is not one that this server gave out; "
            "leave it out to begin with the first page."
        ) from error
    return Position(at=at, id=identifier)


def page_size(requested: int | None) -> int:
    """Items of a page: as asked, at most `MAX_PAGE_SIZE`, which is also the default."""
    return MAX_PAGE_SIZE if requested is None else min(max(requested, 0), MAX_PAGE_SIZE)


def older_than(time: Any, identifier: Any, *, position: Position) -> ColumnElement[bool]:
    """The condition that a row comes after a position, newest first."""
    return tuple_(time, identifier) < tuple_(position.at, position.id)
