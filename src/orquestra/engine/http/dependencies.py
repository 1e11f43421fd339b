"""What endpoints ask FastAPI for: the engine's services, and a session to look things up.

These are coroutines also where they wait for nothing: others would each be called in a thread.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.services import EngineServices


async def _services(request: Request) -> EngineServices:
    services: EngineServices = request.app.state.services
    return services


Services = Annotated[EngineServices, Depends(_services)]


async def _reading(services: Services) -> AsyncIterator[AsyncSession]:
    async with services.database.reading() as session:
        yield session


ReadSession = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""A session for looking; changes are made in `services.database.writing()`."""


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
