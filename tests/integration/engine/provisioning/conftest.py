import asyncio
import sys
import uuid
from contextlib import asynccontextmanager

import docker
import pytest

from orquestra.engine.provisioning.conformance import Subject
from orquestra.engine.provisioning.container_engine import ContainerEngineService
from orquestra.engine.provisioning.containers import ContainerProvisioner
from orquestra.sdk.packaging import get_installed_version

PYTHON = f"py{sys.version_info.major}.{sys.version_info.minor}"
BASE_IMAGE = f"localhost/orquestra-sdk-base:{get_installed_version('orquestra-sdk')}-{PYTHON}"


@pytest.fixture(scope="session")
def runner():
    """One event loop for all tests here: the engine's service belongs to the one it began in."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def container_engine(runner, tmp_path_factory):
    service = ContainerEngineService(tmp_path_factory.mktemp("engine"))
    yield runner.run(service.__aenter__())
    runner.run(service.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def client(container_engine):
    """The container engine as anybody else on this machine uses it."""
    client = docker.DockerClient(base_url=container_engine.url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(client):
    try:
        client.images.get(BASE_IMAGE)
    except docker.errors.ImageNotFound:
        pytest.fail(f"{BASE_IMAGE} is missing; make images builds it")
    return BASE_IMAGE


@pytest.fixture
def subject(container_engine, image):
    @asynccontextmanager
    async def opened(engine_id):
        async with ContainerProvisioner(container_engine, engine_id=engine_id) as provisioner:
            yield provisioner

    return Subject(open=opened, image=image)


@pytest.fixture
def derived_image(client, image):
    """Makes images from the base image with other settings; removes them afterwards."""
    made = []

    def derive(changes):
        source = client.containers.create(image, ["true"], ulimits=[])
        repository = f"localhost/orquestra-test-{uuid.uuid4().hex[:8]}"
        try:
            source.commit(repository=repository, changes=changes)
        finally:
            source.remove(force=True)
        made.append(repository)
        return repository

    yield derive
    for repository in made:
        client.images.remove(repository, force=True)
