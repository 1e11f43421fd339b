"""What endpoints ask FastAPI for: the engine's services, and a session to look things up.

These are coroutines also where they wait for nothing: others would each be called in a thread.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts.storage import ArtifactStorage
from orquestra.engine.auth.tokens import Tokens
from orquestra.engine.clock import Clock
from orquestra.engine.clusters.works import ClusterWorks
from orquestra.engine.database.sessions import Database
from orquestra.engine.definitions.cache import DefinitionCache
from orquestra.engine.images.catalogue import ImageCatalogue
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.login.attempts import LoginAttempts
from orquestra.engine.logs.storage import LogStorage
from orquestra.engine.provisioning.contract import Provisioner
from orquestra.engine.reconciling.pulse import Pulse
from orquestra.engine.reconciling.signal import WakeSignal
from orquestra.engine.runs.changes import RunChanges
from orquestra.engine.secrets.key_source import KeySource
from orquestra.engine.settings import DataFolder, Settings
from orquestra.engine.users.callers import Callers


@dataclass(frozen=True, kw_only=True)
class EngineServices:
    """All that an engine works with, made once when it starts."""

    settings: Settings
    database: Database
    tokens: Tokens
    callers: Callers
    secret_keys: KeySource
    login_attempts: LoginAttempts
    artifacts: ArtifactStorage
    logs: LogStorage
    provisioner: Provisioner
    catalogue: ImageCatalogue
    definitions: DefinitionCache
    default_images: DefaultImages
    wake: WakeSignal
    works: ClusterWorks
    changes: RunChanges
    pulse: Pulse
    clock: Clock

    @property
    def folder(self) -> DataFolder:
        """Where the engine keeps all this."""
        return DataFolder(self.settings.data)


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
