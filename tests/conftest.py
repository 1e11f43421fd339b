"""What tests with real containers share: one engine, its images, and a look at the machine."""

import asyncio
import functools
import sys

import docker
import pytest

from orquestra.engine.provisioning.container_engine import ContainerEngineService
from orquestra.sdk.configuration.config import RuntimeConfig
from tests.places import Containers, HostProcesses, wait_until_finished
from tests.running_engine import (
    BASE,
    REGISTRY,
    REGISTRY_DATA,
    REGISTRY_PORT,
    ROOT,
    VERSION,
    RunningEngine,
    run_quietly,
)

CONFIGURATION = f"""
[registry]
port = {REGISTRY_PORT}
data = "{REGISTRY_DATA}"

[nodes]
idle_timeout = 4
simulated_gpus = 2
standby = 0
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
def container_client(tmp_path_factory):
    """The container engine, seen past ours."""
    folder = tmp_path_factory.mktemp("machine")
    with asyncio.Runner() as runner:
        service = ContainerEngineService(folder)
        found = runner.run(service.__aenter__())
        client = docker.DockerClient(base_url=found.url)
        yield client
        client.close()
        runner.run(service.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def local_engine(tmp_path_factory):
    """A local runtime for all tests: its default nodes are processes of this machine."""
    folder = tmp_path_factory.mktemp("local")
    running = RunningEngine(data=folder / "data", local=True)
    try:
        running.start()
        running.login()
        yield running
    finally:
        running.stop()
    assert HostProcesses(running, _config(running)).members("") == {}, "processes were left"


@pytest.fixture(scope="session")
def containers(engine, container_client):
    """The containers of the Compute Engine."""
    return Containers(engine, _config(engine), container_client)


@pytest.fixture(scope="session")
def host_processes(local_engine):
    """The processes of the local runtime."""
    return HostProcesses(local_engine, _config(local_engine))


def _config(engine: RunningEngine) -> RuntimeConfig:
    return RuntimeConfig.unsaved(name="127", uri=engine.url, token=engine.token())


@pytest.fixture
def place(containers):
    """Where the runs of a test execute; modules override it to run their tests in both places."""
    return containers


@pytest.fixture
def config(place):
    """The SDK's way to the engine."""
    return place.config


@pytest.fixture
def finish(place):
    """Waits for a run's end and until nothing of it is left; gives its last status."""
    return functools.partial(wait_until_finished, place)


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
