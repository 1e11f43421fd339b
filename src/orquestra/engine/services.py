"""What an engine works with, as all its domains get it."""

from dataclasses import dataclass

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
from orquestra.engine.runs.looks import Looks
from orquestra.engine.secrets.key_source import KeySource
from orquestra.engine.settings import DataFolder, Settings
from orquestra.engine.streams.changes import RunChanges
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
    looks: Looks
    pulse: Pulse
    clock: Clock

    @property
    def folder(self) -> DataFolder:
        """Where the engine keeps all this."""
        return DataFolder(self.settings.data)
