import asyncio
import hashlib
import os
import shutil
import socket
import subprocess
import sys

import httpx
import psutil
import pytest

from orquestra.engine.registry import podman_trust
from orquestra.engine.registry.distribution import LocalRegistry

pytestmark = pytest.mark.containers

ENGINE = """
import asyncio, sys
from pathlib import Path
from orquestra.engine.registry.distribution import LocalRegistry

async def main():
    async with LocalRegistry(Path(sys.argv[1]), port=int(sys.argv[2])):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_registry_answers_while_it_is_open_and_not_afterwards(tmp_path, port):
    async def scenario():
        async with LocalRegistry(tmp_path, port=port) as registry:
            answer = await asyncio.to_thread(httpx.get, f"http://{registry.address}/v2/")
            assert answer.status_code == 200

    asyncio.run(scenario())

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/v2/")


@pytest.mark.skipif(shutil.which("podman") is None, reason="about podman")
def test_podman_trusts_the_address_while_the_registry_is_open(tmp_path, port):
    entry = podman_trust.entry_path(f"127.0.0.1:{port}")

    async def scenario():
        async with LocalRegistry(tmp_path, port=port):
            assert entry.exists()

    asyncio.run(scenario())

    assert not entry.exists()


def test_images_are_still_there_after_a_restart(tmp_path, port):
    async def with_registry(work):
        async with LocalRegistry(tmp_path, port=port) as registry:
            return await asyncio.to_thread(work, f"http://{registry.address}/v2/test/blob/blobs")

    digest = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"

    def push(url):
        place = httpx.URL(httpx.post(f"{url}/uploads/").headers["Location"])
        return httpx.put(place.copy_merge_params({"digest": digest}), content=b"{}")

    assert asyncio.run(with_registry(push)).status_code == 201

    found = asyncio.run(with_registry(lambda url: httpx.get(f"{url}/{digest}")))

    assert found.content == b"{}"


def test_registry_dies_with_a_killed_engine(tmp_path, port):
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(tmp_path), str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    ) as engine:
        assert engine.stdout.readline() == "ready\n"
        (registry,) = psutil.Process(engine.pid).children()
        engine.kill()

    registry.wait(timeout=5)
    podman_trust.withdraw(f"127.0.0.1:{port}")  # what a killed engine leaves, the next one renews
