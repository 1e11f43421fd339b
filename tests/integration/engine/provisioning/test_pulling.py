import hashlib
import http.server
import io
import json
import socket
import tarfile
import threading
import uuid

import httpx
import pytest

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning.containers import ContainerProvisioner
from orquestra.engine.registry.distribution import LocalRegistry

pytestmark = pytest.mark.containers

MISSING = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def registry(runner, container_engine, tmp_path_factory):
    """Started after the container engine, which therefore has not heard of it."""
    registry = LocalRegistry(tmp_path_factory.mktemp("registry"), port=free_port())
    runner.run(registry.__aenter__())
    yield registry
    runner.run(registry.__aexit__(None, None, None))


@pytest.fixture
def published(registry, client):
    """A tiny image in the registry, by digest."""
    repository = f"test/tiny-{uuid.uuid4().hex[:8]}"
    reference = f"{registry.address}/{repository}@{push_tiny_image(registry.address, repository)}"
    yield reference
    client.images.remove(reference, force=True)


def test_image_is_pulled_by_digest_over_plain_http_from_this_machine(pull, published, client):
    pull(published)

    assert client.images.get(published)


def test_absent_image_is_told(pull, registry):
    assert "has no such image" in refusal(pull, f"{registry.address}/test/absent@{MISSING}")


def test_unreachable_registry_is_told(pull):
    image = f"127.0.0.1:{free_port()}/test/any@{MISSING}"

    assert "could not be reached" in refusal(pull, image)


def test_registry_that_wants_a_login_is_told(pull):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), WantsLogin) as closed:
        threading.Thread(
            target=closed.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        message = refusal(pull, f"127.0.0.1:{closed.server_port}/test/any@{MISSING}")
        closed.shutdown()

    assert "log in with docker login" in message


class WantsLogin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="test"')
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the name is the library's

    def log_message(self, *arguments):
        pass


@pytest.fixture
def pull(runner, container_engine):
    async def pulling(image):
        async with ContainerProvisioner(container_engine, engine_id="puller") as provisioner:
            await provisioner.pull(image)

    return lambda image: runner.run(pulling(image))


def refusal(pull, image):
    with pytest.raises(ProvisioningError) as caught:
        pull(image)
    assert image in str(caught.value)
    return str(caught.value)


def push_tiny_image(address, repository):
    """Publish an image with one empty folder in it, by the registry protocol; its digest."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        folder = tarfile.TarInfo("empty")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer.getvalue())]},
    }
    kind = "application/vnd.oci.image"
    with httpx.Client(base_url=f"http://{address}/v2/{repository}") as client:
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": f"{kind}.manifest.v1+json",
                "config": upload(client, json.dumps(config).encode(), f"{kind}.config.v1+json"),
                "layers": [upload(client, layer.getvalue(), f"{kind}.layer.v1.tar")],
            }
        ).encode()
        client.put(
            "/manifests/1",
            content=manifest,
            headers={"Content-Type": f"{kind}.manifest.v1+json"},
        ).raise_for_status()
    return digest(manifest)


def upload(client, blob, media_type):
    place = client.post("/blobs/uploads/").raise_for_status().headers["Location"]
    client.put(httpx.URL(place).copy_merge_params({"digest": digest(blob)}), content=blob)
    return {"mediaType": media_type, "size": len(blob), "digest": digest(blob)}


def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
