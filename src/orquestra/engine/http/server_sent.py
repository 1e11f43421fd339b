"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from starlette.responses import StreamingResponse

from orquestra.sdk.schema.api import Body

MEDIA_TYPE = "text/event-stream"

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The latter tells nginx, and others that know it, to hand on each event as it comes."""

NOTHING_NEW = ": nothing new\n\n"
"""What keeps a quiet connection open."""


def event(kind: str, body: Body, *, identifier: str | None = None) -> str:
    """One event; who has read it asks for what comes after its identifier."""
    return written(kind, body.model_dump_json(by_alias=True), identifier=identifier)


def written(kind: str, data: str, *, identifier: str | None = None) -> str:
    """One event whose data is JSON already."""
    name = "" if identifier is None else f"id: {identifier}\n"
    return f"event: {kind}\n{name}data: {data}\n\n"


def sign_of_life(identifier: str) -> str:
    """A comment, with how far its reader is: what was passed over need not be looked at again."""
    return f"id: {identifier}\n{NOTHING_NEW}"


def answer(events: AsyncIterator[str]) -> StreamingResponse:
    """The answer that is a stream of events."""
    return StreamingResponse(events, media_type=MEDIA_TYPE, headers=_HEADERS)


def documented(description: str) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of such an answer."""
    return {200: {"content": {MEDIA_TYPE: {}}, "description": description}}


async def _last_event_id(
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="The id of the last event that was read."),
    ] = None,
    query: Annotated[
        str | None, Query(alias="lastEventId", description="The same, for who sets no headers.")
    ] = None,
) -> str | None:
    # The header is what a browser sends by itself when it connects again: the newer one.
    return last_event_id or query


LastEventId = Annotated[str | None, Depends(_last_event_id)]
"""After which event a stream of events is to go on; None or empty: from its beginning."""
