import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import docker
import psutil
import pytest

from orquestra.engine.daemon import wait_until
from orquestra.engine.provisioning.container_engine import ContainerEngineService

pytestmark = [
    pytest.mark.containers,
    pytest.mark.skipif(
        shutil.which("podman") is None
        or any(map(os.path.exists, ("/var/run/docker.sock", "/run/podman/podman.sock"))),
        reason="a service that runs already would be used instead of starting podman's",
    ),
]

ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME")}

ENGINE = """
import asyncio, os, sys
from pathlib import Path
from orquestra.engine.provisioning.container_engine import ContainerEngineService

async def main():
    async with ContainerEngineService(Path(sys.argv[1])) as engine:
        print(engine.url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_found_engine_answers_and_ends_with_its_service(tmp_path):
    async def scenario():
        async with ContainerEngineService(tmp_path, environment=ENVIRONMENT) as engine:
            assert engine.kind == "podman"
            assert await asyncio.to_thread(answers, engine.url)
        return engine.url

    url = asyncio.run(scenario())

    assert services_on(url) == []


def test_service_dies_with_a_killed_engine(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(tmp_path)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as engine:
        url = engine.stdout.readline().strip()
        (service,) = services_on(url)
        engine.kill()

    service.wait(timeout=5)


def test_service_that_dies_is_started_again(tmp_path):
    async def scenario():
        async with ContainerEngineService(tmp_path, environment=ENVIRONMENT) as engine:
            (service,) = services_on(engine.url)
            service.kill()
            renewed = await wait_until(
                lambda: services_on(engine.url) not in ([], [service]) and answers(engine.url),
                limit=timedelta(seconds=10),
            )
            assert renewed
        return services_on(engine.url)

    assert asyncio.run(scenario()) == []


def test_service_left_by_an_earlier_engine_is_replaced(tmp_path):
    url = f"unix://{tmp_path}/podman.sock"
    with subprocess.Popen(
        ["podman", "system", "service", "--time=0", url], stderr=subprocess.DEVNULL
    ) as orphan:
        wait_for(tmp_path / "podman.sock", orphan)

        async def scenario():
            async with ContainerEngineService(tmp_path, environment=ENVIRONMENT) as engine:
                return engine.url, [service.pid for service in services_on(url)]

        found, services = asyncio.run(scenario())

        assert found == url
        assert len(services) == 1
        assert services != [orphan.pid]
        assert orphan.wait(timeout=5) in (0, -signal.SIGTERM)


def answers(url):
    with socket.socket(socket.AF_UNIX) as connection:
        if connection.connect_ex(url.removeprefix("unix://")) != 0:
            return False
    client = docker.DockerClient(base_url=url)
    try:
        return client.ping()
    finally:
        client.close()


def services_on(url):
    return [
        process
        for process in psutil.process_iter(["cmdline", "name"])
        if url in (process.info["cmdline"] or ()) and process.info["name"] == "podman"
    ]


def wait_for(path: Path, process):
    while not path.exists():
        assert process.poll() is None
