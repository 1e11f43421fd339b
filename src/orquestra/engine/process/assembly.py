"""Putting an engine together from its data folder and the machine around it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from orquestra.engine.artifacts.storage import ArtifactStorage
from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.auth.tokens import Tokens
from orquestra.engine.clock import system_clock
from orquestra.engine.clusters.works import ClusterWorks
from orquestra.engine.database.opening import open_database
from orquestra.engine.definitions.cache import DefinitionCache
from orquestra.engine.errors import ConfigurationError
from orquestra.engine.images.catalogue import ImageCatalogue
from orquestra.engine.images.defaults import DefaultImages
from orquestra.engine.images.host_environment import ray_version
from orquestra.engine.images.local_catalogue import LocalCatalogue
from orquestra.engine.images.registry_client import RegistryClient
from orquestra.engine.login.attempts import LoginAttempts
from orquestra.engine.logs.storage import LogStorage
from orquestra.engine.occupancy import sole_use
from orquestra.engine.provisioning.container_engine import ContainerEngineService
from orquestra.engine.provisioning.containers import ContainerProvisioner
from orquestra.engine.provisioning.contract import Provisioner
from orquestra.engine.provisioning.host_processes import HostProcesses
from orquestra.engine.provisioning.local import LocalProvisioner, OptionalContainers
from orquestra.engine.reconciling.pulse import Pulse
from orquestra.engine.reconciling.signal import WakeSignal
from orquestra.engine.registry.distribution import LocalRegistry
from orquestra.engine.runs.looks import Looks
from orquestra.engine.secrets import running_engine
from orquestra.engine.secrets.key_source import KeySource
from orquestra.engine.services import EngineServices
from orquestra.engine.settings import DataFolder, Settings
from orquestra.engine.streams.changes import RunChanges
from orquestra.engine.users.callers import Callers
from orquestra.sdk.configuration import local_engine

_CALLERS_MEMORY = timedelta(seconds=1)


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[EngineServices]:
    """Everything an engine works with, from its data folder and the machine around it."""
    folder = DataFolder(settings.data)
    folder.create()
    async with AsyncExitStack() as stack:
        stack.enter_context(sole_use(folder))
        running_engine.forget(folder)
        database = await stack.enter_async_context(open_database(folder.database))
        machine = _local_machine if settings.local else _machine
        provisioner, catalogue = await stack.enter_async_context(machine(settings, folder))
        yield EngineServices(
            settings=settings,
            database=database,
            tokens=Tokens(SecretKey.load(folder.keys)),
            callers=Callers(database, memory=_CALLERS_MEMORY),
            secret_keys=KeySource(folder.keys),
            login_attempts=LoginAttempts(system_clock),
            artifacts=ArtifactStorage(folder.artifacts),
            logs=LogStorage(folder.logs),
            provisioner=provisioner,
            catalogue=catalogue,
            definitions=DefinitionCache(),
            default_images=DefaultImages.of_this_engine(
                settings.base_repository, on_host=settings.local
            ),
            wake=WakeSignal(),
            works=ClusterWorks(),
            changes=RunChanges(),
            looks=Looks(),
            pulse=Pulse(system_clock),
            clock=system_clock,
        )


@asynccontextmanager
async def _machine(
    settings: Settings, folder: DataFolder
) -> AsyncIterator[tuple[Provisioner, ImageCatalogue]]:
    """The containers and registries of a Compute Engine."""
    async with AsyncExitStack() as stack:
        container_engine = await stack.enter_async_context(ContainerEngineService(folder.runtime))
        if settings.registry.start:
            await stack.enter_async_context(_registry(settings, folder))
        containers = ContainerProvisioner(
            container_engine,
            engine_id=_engine_id(folder.root / "engine.id"),
            simulated_gpus=settings.nodes.simulated_gpus,
        )
        provisioner = await stack.enter_async_context(containers)
        yield provisioner, await stack.enter_async_context(RegistryClient())


@asynccontextmanager
async def _local_machine(
    settings: Settings, folder: DataFolder
) -> AsyncIterator[tuple[Provisioner, ImageCatalogue]]:
    """The processes of a local engine, and containers for tasks that name an image."""
    if ray_version() is None:
        raise ConfigurationError(
            "The local runtime runs tasks with Ray, which is not installed in this Python "
            "environment. Install it: pip install 'orquestra-sdk[all]'."
        )
    engine_id = _engine_id(folder.root / "engine.id")
    gpus = settings.nodes.simulated_gpus

    @asynccontextmanager
    async def open_containers() -> AsyncIterator[ContainerProvisioner]:
        async with (
            ContainerEngineService(folder.runtime) as container_engine,
            ContainerProvisioner(
                container_engine, engine_id=engine_id, simulated_gpus=gpus
            ) as containers,
        ):
            yield containers

    host = HostProcesses(folder.clusters, engine_id=engine_id, simulated_gpus=gpus)
    trace = local_engine.container_trace(settings.data)
    async with (
        OptionalContainers(open_containers, trace=trace) as containers,
        RegistryClient() as registries,
    ):
        catalogue = LocalCatalogue(containers.opened, registries=registries)
        yield LocalProvisioner(host, containers), catalogue


def _registry(settings: Settings, folder: DataFolder) -> LocalRegistry:
    return LocalRegistry(
        settings.registry.data or folder.registry,
        host=settings.registry.host,
        port=settings.registry.port,
    )


def _engine_id(path: Path) -> str:
    """The name under which this engine's containers are labelled: made once, then kept."""
    if not path.exists():
        path.write_text(uuid.uuid4().hex[:12])
    return path.read_text().strip()
