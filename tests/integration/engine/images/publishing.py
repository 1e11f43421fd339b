"""A real registry, and images put into it by its HTTP API: no container engine takes part."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from orquestra.engine.images.passport import PYTHON_LABEL, RAY_LABEL, SDK_LABEL

OCI = "application/vnd.oci.image"
OCI_INDEX = f"{OCI}.index.v1+json"
OCI_MANIFEST = f"{OCI}.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"

_CONFIGURATION_OF = {
    OCI_MANIFEST: f"{OCI}.config.v1+json",
    DOCKER_MANIFEST: "application/vnd.docker.container.image.v1+json",
}
_START_LIMIT = 20


def orquestra_labels(
    *, sdk: str = "2.0.0a1", ray: str = "2.60.0", python: str = "3.11.2"
) -> dict[str, str]:
    """Labels as a base image has them."""
    return {SDK_LABEL: sdk, RAY_LABEL: ray, PYTHON_LABEL: python}


@dataclass(frozen=True, kw_only=True)
class HandMadeImage:
    """A container image without a file in it."""

    labels: Mapping[str, str] = field(default_factory=orquestra_labels)
    architecture: str = "amd64"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = "orquestra"
    media_type: str = OCI_MANIFEST

    def configuration(self) -> bytes:
        """The image's configuration, as the registry keeps it."""
        return _json(
            {
                "architecture": self.architecture,
                "os": "linux",
                "config": {
                    "Labels": dict(self.labels),
                    "Entrypoint": list(self.entrypoint) or None,
                    "Cmd": list(self.command) or None,
                    "User": self.user,
                },
                "rootfs": {"type": "layers", "diff_ids": []},
            }
        )


class Publisher:
    """Puts images into one registry. Names are without the registry: `demo/solver:1`."""

    def __init__(self, address: str, *, auth: tuple[str, str] | None = None) -> None:
        self.address = address
        self._http = httpx.Client(base_url=f"http://{address}/v2/", auth=auth, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def publish(self, name: str, image: HandMadeImage) -> str:
        """Publish an image of one platform; returns its digest."""
        repository, tag = name.split(":")
        configuration = image.configuration()
        manifest = _json(
            {
                "schemaVersion": 2,
                "mediaType": image.media_type,
                "config": {
                    "mediaType": _CONFIGURATION_OF[image.media_type],
                    "digest": self._upload(repository, blob=configuration),
                    "size": len(configuration),
                },
                "layers": [],
            }
        )
        return self.put_manifest(
            repository, tag=tag, manifest=manifest, media_type=image.media_type
        )

    def publish_index(
        self, name: str, images: list[HandMadeImage], *, media_type: str = OCI_INDEX
    ) -> str:
        """Publish an image of several platforms, with an attestation as build tools add them."""
        repository, tag = name.split(":")
        builds = [(image.architecture, "linux", image) for image in images]
        builds.append(("unknown", "unknown", images[0]))
        entries = [
            {
                "mediaType": image.media_type,
                "digest": self.publish(f"{repository}:{tag}-{architecture}", image),
                "size": 1,
                "platform": {"architecture": architecture, "os": system},
            }
            for architecture, system, image in builds
        ]
        index = _json({"schemaVersion": 2, "mediaType": media_type, "manifests": entries})
        return self.put_manifest(repository, tag=tag, manifest=index, media_type=media_type)

    def put_manifest(self, repository: str, *, tag: str, manifest: bytes, media_type: str) -> str:
        """Put any document in the place of a manifest; returns its digest."""
        self._http.put(
            f"{repository}/manifests/{tag}",
            content=manifest,
            headers={"Content-Type": media_type},
        ).raise_for_status()
        return _digest(manifest)

    def _upload(self, repository: str, *, blob: bytes) -> str:
        upload = self._http.post(f"{repository}/blobs/uploads/").raise_for_status()
        digest = _digest(blob)
        self._http.put(
            httpx.URL(upload.headers["Location"]).copy_add_param("digest", digest),
            content=blob,
            headers={"Content-Type": "application/octet-stream"},
        ).raise_for_status()
        return digest


@contextmanager
def run_registry(folder: Path, *, htpasswd: str | None = None) -> Iterator[str]:
    """A registry process on a free port of 127.0.0.1, with its images in `folder`."""
    if not shutil.which("docker-registry") and "CI" not in os.environ:
        pytest.skip("needs the program docker-registry")
    configuration: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {"addr": "127.0.0.1:0", "secret": "only for this test"},
    }
    if htpasswd:
        (folder / "htpasswd").write_text(htpasswd)
        configuration["auth"] = {"htpasswd": {"realm": "t", "path": str(folder / "htpasswd")}}
    (folder / "registry.json").write_text(json.dumps(configuration))
    process = subprocess.Popen(
        ["docker-registry", "serve", folder / "registry.json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    output = _Output(process)
    try:
        yield output.address()
    finally:
        process.terminate()
        process.wait()
        output.close()


class _Output:
    """Reads what the registry writes: its address first, then to keep the pipe from filling."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._known = threading.Event()
        self._address = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def address(self) -> str:
        assert self._known.wait(_START_LIMIT), "The registry did not start in time"
        assert self._address, "".join(self._lines)
        return self._address

    def close(self) -> None:
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stderr
        with self._process.stderr as stream:
            for line in stream:
                self._lines.append(line)
                match = re.search(r"listening on (127\.0\.0\.1:\d+)", line)
                if match:
                    self._address = match[1]
                    self._known.set()
        self._known.set()


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
