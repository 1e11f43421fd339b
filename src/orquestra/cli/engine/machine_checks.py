"""What an engine would find on this machine, for `orq doctor`."""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orquestra.cli.engine import extra

if TYPE_CHECKING:
    from orquestra.engine.provisioning.container_engine import ContainerEngine

_PATIENCE = timedelta(seconds=20)
_LIMITS = {"memory": "MemoryLimit", "CPU": "CpuCfsQuota"}
"""What must be limited for tasks to keep to their sizes, and the engine's word for that it can."""


@dataclass(frozen=True, kw_only=True)
class Containers:
    """A container engine that answers; without `url` one that engines start for themselves."""

    kind: str
    version: str
    url: str | None
    is_rootless: bool
    missing_limits: tuple[str, ...]
    base_image_present: bool


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What there is. Memory is in bytes; `trouble` says why there is no container engine."""

    cpus: float
    memory: int
    gpus: int
    open_files: int
    base_image: str
    containers: Containers | None
    trouble: str | None


def look() -> Machine:
    """Look at this machine as an engine does at its start; podman's service is tried, and ended.

    Raises:
        Failure: the engine's packages are not installed.
    """
    with extra.required():
        from orquestra.engine.errors import EngineError
        from orquestra.engine.images.defaults import DefaultImages
        from orquestra.engine.provisioning.host_capacity import host_capacity
        from orquestra.engine.provisioning.limits import read_host_limits
        from orquestra.engine.settings import Settings
    repository = Settings(data=Path(), local=True).base_repository
    image = str(DefaultImages.of_this_engine(repository).own_image())
    containers, trouble = None, None
    try:
        containers = asyncio.run(_containers(image))
    except (EngineError, OSError) as error:
        trouble = str(error) or f"no answer within {_PATIENCE.seconds} s"
    size = host_capacity().size
    return Machine(
        cpus=size.cpu,
        memory=size.memory,
        gpus=size.gpu,
        open_files=read_host_limits().open_files,
        base_image=image,
        containers=containers,
        trouble=trouble,
    )


async def _containers(image: str) -> Containers:
    from orquestra.engine.provisioning.container_engine import ContainerEngineService

    # In a folder of its own: the service of an engine that runs must not be taken for a left one.
    with tempfile.TemporaryDirectory(prefix="orq-doctor-") as folder:
        async with (
            asyncio.timeout(_PATIENCE.total_seconds()),
            ContainerEngineService(Path(folder)) as found,
        ):
            is_own = found.url.startswith(f"unix://{folder}")
            return await asyncio.to_thread(_describe, found, image=image, is_own=is_own)


def _describe(found: "ContainerEngine", *, image: str, is_own: bool) -> Containers:
    from orquestra.engine.provisioning import engine_client

    client: Any = engine_client.connect(found.url)
    try:
        info = client.info()
        present = bool(client.images.list(name=image))
    finally:
        client.close()
    return Containers(
        kind=found.kind,
        version=str(info.get("ServerVersion", "")),
        url=None if is_own else found.url,
        is_rootless=any("rootless" in option for option in info.get("SecurityOptions") or ()),
        missing_limits=tuple(what for what, word in _LIMITS.items() if info.get(word) is False),
        base_image_present=present,
    )
