"""What endpoints ask FastAPI for: the engine's services, and a session to look things up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.artifacts.storage import ArtifactStorage
from orquestra.engine.auth.tokens import Tokens
from orquestra.engine.clock import Clock
from orquestra.engine.clusters.works import ClusterWorks
from orquestra.engine.database.sessions import Database
from orquestra.engine.definitions.cache import DefinitionCache
from orquestra.engine.images.catalogue import ImageCatalogue
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.logs.storage import LogStorage
from orquestra.engine.provisioning.contract import Provisioner
from orquestra.engine.reconciling.pulse import Pulse
from orquestra.engine.reconciling.signal import WakeSignal
from orquestra.engine.runs.changes import RunChanges
from orquestra.engine.settings import DataFolder, Settings


@dataclass(frozen=True, kw_only=True)
class EngineServices:
    """All that an engine works with, made once when it starts."""

    settings: Settings
    database: Database
    tokens: Tokens
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


def _services(request: Request) -> EngineServices:
    services: EngineServices = request.app.state.services
    return services


Services = Annotated[EngineServices, Depends(_services)]


async def _reading(services: Services) -> AsyncIterator[AsyncSession]:
    async with services.database.reading() as session:
        yield session


ReadSession = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""A session for looking; changes are made in `services.database.writing()`."""
