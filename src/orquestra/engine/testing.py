"""An engine without a machine around it, for tests: real database and files, containers in memory.

The public app, the internal app and the reconciler are the real ones.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

from orquestra.engine.artifacts.storage import ArtifactStorage
from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.auth.tokens import Tokens
from orquestra.engine.clock import Clock, system_clock
from orquestra.engine.clusters.works import ClusterWorks
from orquestra.engine.database.migrating import migrate
from orquestra.engine.database.opening import open_database
from orquestra.engine.definitions.cache import DefinitionCache
from orquestra.engine.images.catalogue import ImageCatalogue
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.login.attempts import LoginAttempts
from orquestra.engine.logs.storage import LogStorage
from orquestra.engine.provisioning.contract import Provisioner
from orquestra.engine.provisioning.testing import MemoryProvisioner
from orquestra.engine.reconciling.pulse import Pulse
from orquestra.engine.reconciling.signal import WakeSignal
from orquestra.engine.runs.looks import Looks
from orquestra.engine.secrets.key_source import KeySource
from orquestra.engine.services import EngineServices
from orquestra.engine.settings import DataFolder, NodeSettings, Settings
from orquestra.engine.streams.changes import RunChanges
from orquestra.engine.users import service as users
from orquestra.engine.users.callers import Callers


@asynccontextmanager
async def memory_engine(
    folder: Path,
    *,
    catalogue: ImageCatalogue,
    provisioner: Provisioner | None = None,
    clock: Clock = system_clock,
    local: bool = False,
    standby: int = 0,
    callers_memory: timedelta = timedelta(0),
) -> AsyncIterator[EngineServices]:
    """The services of an engine that keeps its data in `folder`; its users are ada and eve.

    `local` makes it one of the local runtime. A Compute Engine keeps `standby` run clusters ready.
    What is changed of users counts at once; with `callers_memory` only so much later.
    """
    settings = Settings(data=folder, local=local, nodes=NodeSettings(standby=standby))
    data = DataFolder(folder)
    data.create()
    if not data.database.exists():
        data.database.write_bytes(_new_database())
    async with open_database(data.database) as database:
        async with database.writing() as session:
            for user in ("ada", "eve"):
                await users.ensure(session, user, at=clock())
        yield EngineServices(
            settings=settings,
            database=database,
            tokens=Tokens(SecretKey.load(data.keys)),
            callers=Callers(database, memory=callers_memory),
            secret_keys=KeySource(data.keys),
            login_attempts=LoginAttempts(clock),
            artifacts=ArtifactStorage(data.artifacts),
            logs=LogStorage(data.logs),
            provisioner=provisioner or MemoryProvisioner(),
            catalogue=catalogue,
            definitions=DefinitionCache(),
            default_images=DefaultImages.of_this_engine(settings.base_repository, on_host=local),
            wake=WakeSignal(),
            works=ClusterWorks(),
            changes=RunChanges(),
            looks=Looks(),
            pulse=Pulse(clock),
            clock=clock,
        )


@cache
def _new_database() -> bytes:
    """The file of a database without rows: to make each anew would take most of a short test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "engine.db"
        migrate(path)
        return path.read_bytes()
