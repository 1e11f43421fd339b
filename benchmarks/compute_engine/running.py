"""A Compute Engine with the base images in its registry, and one cluster that stands by."""

import asyncio
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

from orquestra.engine.provisioning.container_engine import ContainerEngineService
from orquestra.sdk.configuration.config import RuntimeConfig
from tests.running_engine import (
    BASE,
    REGISTRY,
    REGISTRY_DATA,
    REGISTRY_PORT,
    ROOT,
    VERSION,
    RunningEngine,
    run_quietly,
    wait_for,
)

CONFIGURATION = f"""
[registry]
port = {REGISTRY_PORT}
data = "{REGISTRY_DATA}"

[nodes]
standby = 1
idle_timeout = 4
"""
STANDBY_LIMIT = 120.0
_STANDING_BY = """
    SELECT clusters.id FROM clusters
    WHERE NOT retired AND head_began_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.cluster_id = clusters.id)
      AND EXISTS (
        SELECT 1 FROM nodes WHERE nodes.cluster_id = clusters.id AND nodes.joined_at IS NOT NULL
      )
"""


@dataclass(frozen=True, kw_only=True)
class ComputeEngine:
    """A running engine, the way to it, and the container engine that it uses."""

    engine: RunningEngine
    config: RuntimeConfig
    containers: docker.DockerClient

    def await_standby(self) -> str:
        """Wait until a cluster stands by, its node joined; gives its id."""
        found: str = wait_for(
            self._standby, within=STANDBY_LIMIT, what=lambda: f"a standby:\n{self.engine.log}"
        )
        return found

    def _standby(self) -> str | None:
        database = f"file:{self.engine.data / 'engine.db'}?mode=ro"
        with closing(sqlite3.connect(database, uri=True)) as connection:
            row = connection.execute(_STANDING_BY).fetchone()
        return row[0] if row else None


@contextmanager
def compute_engine() -> Iterator[ComputeEngine]:
    """An engine whose base images are published; nothing of it is left at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="orq-bench-") as folder,
        _container_client(Path(folder)) as client,
    ):
        configuration = Path(folder) / "engine.toml"
        configuration.write_text(CONFIGURATION)
        engine = RunningEngine(data=Path(folder) / "data", configuration=configuration)
        before = dict(os.environ)
        os.environ["ORQ_CONFIG_PATH"] = engine.environment()["ORQ_CONFIG_PATH"]
        try:
            engine.start()
            _images("build", "--repository", BASE, "--push")
            config = RuntimeConfig.ce(engine.url, engine.token())
            yield ComputeEngine(engine=engine, config=config, containers=client)
        finally:
            engine.stop()
            _remove_left(client, engine)
            os.environ.clear()
            os.environ.update(before)


def custom_image(name: str) -> str:
    """A small image on the base image, in the registry and on this machine."""
    tag = f"{REGISTRY}/benchmarks/{name}:1"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(f"FROM {BASE}:{VERSION}\nENV WHICH={name}\n")
        _images("custom", folder, "--tag", tag, "--push")
    return tag


def _images(*arguments: str) -> None:
    run_quietly([sys.executable, "-m", "images", *arguments], cwd=ROOT)


@contextmanager
def _container_client(folder: Path) -> Iterator[docker.DockerClient]:
    with asyncio.Runner() as runner:
        service = ContainerEngineService(folder)
        found = runner.run(service.__aenter__())
        client = docker.DockerClient(base_url=found.url)
        try:
            yield client
        finally:
            client.close()
            runner.run(service.__aexit__(None, None, None))


def _remove_left(client: docker.DockerClient, engine: RunningEngine) -> None:
    # What an engine that did not end well has left.
    mine = {"label": f"io.orquestra.engine={engine.engine_id}"}
    for container in client.containers.list(all=True, filters=mine):
        container.remove(force=True)
    for network in client.networks.list(filters=mine):
        network.remove()
