"""What endpoints ask FastAPI for: the engine's services, and a session to look things up.

These are coroutines also where they wait for nothing: others would each be called in a thread.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
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
