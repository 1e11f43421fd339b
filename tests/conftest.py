"""What tests with real containers share: one engine, its images, and a look at the machine."""

import asyncio
import os
import sys
from pathlib import Path

import docker
import pytest

from orquestra.engine.provisioning.container_engine import ContainerEngineService
from orquestra.sdk.config import RuntimeConfig
from tests.running_engine import RunningEngine, run_quietly, wait_for

ROOT = Path(__file__).parent.parent
REGISTRY_PORT = int(os.environ.get("ORQUESTRA_TEST_REGISTRY_PORT", "5001"))
REGISTRY = f"127.0.0.1:{REGISTRY_PORT}"
BASE = f"{REGISTRY}/orquestra/orquestra-sdk-base"
VERSION = "2.0.0a1"
ENGINE_LABEL = "io.orquestra.engine"

CONFIGURATION = f"""
[registry]
port = {REGISTRY_PORT}
data = "{ROOT / ".cache" / "test-registry"}"

[nodes]
idle_timeout = 4
simulated_gpus = 2
"""


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """An engine for all tests; whatever it left behind fails the session's last test."""
    folder = tmp_path_factory.mktemp("engine")
    (folder / "engine.toml").write_text(CONFIGURATION)
    running = RunningEngine(data=folder / "data", configuration=folder / "engine.toml")
    try:
        running.start()
        running.login()
        _publish_base_images()
        yield running
    finally:
        running.stop()


def _publish_base_images() -> None:
    # The registry's folder outlives the session, so this is quick from the second time on.
    build = [sys.executable, "-m", "images", "build", "--repository", BASE, "--push"]
    run_quietly(build, cwd=ROOT)


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    """The container engine, seen past ours."""
    folder = tmp_path_factory.mktemp("machine")
    with asyncio.Runner() as runner:
        service = ContainerEngineService(folder)
        found = runner.run(service.__aenter__())
        client = docker.DockerClient(base_url=found.url)
        yield Machine(client)
        client.close()
        runner.run(service.__aexit__(None, None, None))


class Machine:
    """Containers and networks of engines, as the container engine lists them."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client

    def containers(self, engine: RunningEngine, **labels: str) -> list[dict]:
        """Containers as they are listed; podman fails a listing in which one is removed."""
        wanted = [f"{ENGINE_LABEL}={engine.engine_id}"]
        wanted += [f"io.orquestra.{name}={value}" for name, value in labels.items()]
        while True:
            try:
                return self.client.api.containers(all=True, filters={"label": wanted})
            except docker.errors.APIError as error:
                if "no such container" not in str(error):
                    raise

    def kill(self, container: dict) -> None:
        self.client.api.kill(container["Id"])

    def networks(self, engine: RunningEngine) -> list:
        return self.client.networks.list(filters={"label": f"{ENGINE_LABEL}={engine.engine_id}"})

    def nothing_left(self, engine: RunningEngine, run_id: str) -> bool:
        networks = [n for n in self.networks(engine) if run_id in str(n.attrs.get("Labels"))]
        return not self.containers(engine, run=run_id) and not networks


@pytest.fixture
def config(engine, monkeypatch):
    """The SDK's way to the engine."""
    monkeypatch.setenv("ORQ_CONFIG_PATH", engine.environment()["ORQ_CONFIG_PATH"])
    return RuntimeConfig.ce(engine.url, engine.token())


@pytest.fixture
def finish(engine, machine):
    """Waits for a run's end and until nothing of it is left; gives its last status."""

    def wait(run, *, within: float = 150):
        wait_for(
            lambda: run.get_status().is_completed(),
            within=within,
            what=lambda: f"{run.run_id} to end:\n{run.get_status_model().status}\n{engine.log}",
        )
        wait_for(
            lambda: machine.nothing_left(engine, run.run_id),
            within=60,
            what=lambda: f"{run.run_id} to be released:\n{engine.log}",
        )
        return run.get_status_model()

    return wait


@pytest.fixture(scope="session")
def custom_image(engine, tmp_path_factory):
    """Builds a Dockerfile on the base image, publishes it and gives its name."""

    def build(name: str, *lines: str, base: str = f"{BASE}:{VERSION}") -> str:
        folder = tmp_path_factory.mktemp(name)
        (folder / "Dockerfile").write_text("\n".join([f"FROM {base}", *lines, ""]))
        tag = f"{REGISTRY}/tests/{name}:1"
        command = [sys.executable, "-m", "images", "custom", str(folder), "--tag", tag, "--push"]
        run_quietly(command, cwd=ROOT)
        return tag

    return build
