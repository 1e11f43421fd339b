"""Pages of a list, newest first. A token names the last item of a page: `<time>,<id>`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orquestra.engine.database.positions import Position
from orquestra.engine.errors import BadRequest
from orquestra.engine.timestamps import read_timestamp, timestamp
from orquestra.sdk.schema import api

MAX_PAGE_SIZE = 100


class PageQuery(BaseModel):
    """The part of a request's query that names a page."""

    model_config = ConfigDict(frozen=True, alias_generator=AliasGenerator(alias=to_camel))

    page_size: int = Field(
        default=MAX_PAGE_SIZE,
        ge=0,
        description=f"At most so many items; more than {MAX_PAGE_SIZE} are never given.",
    )
    page_token: str = Field(
        default="", description="`meta.nextPageToken` of the page before; without one, the first."
    )

    @property
    def size(self) -> int:
        """Items of the page."""
        return min(self.page_size, MAX_PAGE_SIZE)

    @property
    def after(self) -> Position | None:
        """Where the page before it ended; None: it is the first.

        Raises:
            BadRequest: The token is not one of ours.
        """
        return _position(self.page_token) if self.page_token else None


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
    return api.Meta(next_page_token=f"{timestamp(last.created_at)},{last.id}")


def _position(token: str) -> Position:
    time, _, identifier = token.partition(",")
    try:
        return Position(at=read_timestamp(time), id=identifier)
    except ValueError as error:
        raise BadRequest(
            f"The page token {token!r} is not one that this server gave out; "
            "leave it out to begin with the first page."
        ) from error
