from dataclasses import replace

import pytest

from orquestra.cli.doctor import containers
from orquestra.cli.doctor.findings import Verdict
from orquestra.cli.engine import machine_checks
from orquestra.cli.engine.machine_checks import Containers, Machine
from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.engine.errors import ContainerEngineMissing
from orquestra.engine.provisioning import container_engine, engine_client
from orquestra.engine.provisioning.container_engine import ContainerEngine

PODMAN = Containers(
    kind="podman",
    version="5.0",
    url=None,
    is_rootless=False,
    missing_limits=(),
    base_image_present=True,
)
MACHINE = Machine(
    cpus=8,
    memory=16 * 2**30,
    gpus=1,
    open_files=65_536,
    base_image="localhost/base:1",
    containers=PODMAN,
    trouble=None,
)


@pytest.fixture
def check(monkeypatch):
    def look(machine):
        monkeypatch.setattr(containers, "look", lambda: machine)
        return [(finding.verdict, finding.text) for finding in containers.check()]

    return look


def test_a_machine_for_containers_is_fine(check):
    assert check(MACHINE) == [
        (Verdict.OK, "8 CPU, 16 GiB, 1 GPU"),
        (Verdict.OK, "podman 5.0, started by engines that need it"),
        (Verdict.OK, "localhost/base:1"),
    ]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"missing_limits": ("memory", "CPU")}, "podman cannot limit the memory and the CPU of"),
        ({"base_image_present": False}, "localhost/base:1 is not on this machine"),
    ],
)
def test_what_containers_lack_is_noted(check, change, text):
    found = check(replace(MACHINE, containers=replace(PODMAN, **change)))

    (noted,) = [text for verdict, text in found if verdict is Verdict.NOTE]
    assert noted.startswith(text)


def test_few_open_files_are_noted(check):
    found = check(replace(MACHINE, open_files=1024))

    assert (Verdict.NOTE, "they may open 1024 files only, where Ray asks for 65536") in found


def test_where_the_engine_is_found_is_told(check):
    found = check(replace(MACHINE, containers=replace(PODMAN, url="unix:///a", is_rootless=True)))

    assert (Verdict.OK, "podman 5.0, rootless, at unix:///a") in found


def test_no_container_engine_is_only_noted(check):
    found = check(replace(MACHINE, containers=None, trouble="Found neither Docker nor podman"))

    assert found[1:] == [(Verdict.NOTE, "Found neither Docker nor podman")]


def test_without_the_engines_packages_nothing_is_looked_at(monkeypatch):
    def look():
        raise Failure("no fastapi", code=ExitCode.FAILED, hint="install it")

    monkeypatch.setattr(containers, "look", look)

    (finding,) = containers.check()

    assert (finding.verdict, finding.fix) == (Verdict.NOTE, "install it")


class FoundEngine:
    """In place of a container engine's search: one that is there, or none."""

    def __init__(self, *, missing=False, url="unix:///run/docker.sock"):
        self._missing, self._url = missing, url

    def __call__(self, folder):
        self._folder = folder
        return self

    async def __aenter__(self):
        if self._missing:
            raise ContainerEngineMissing("Found neither")
        return ContainerEngine(kind="docker", url=self._url.format(folder=self._folder))

    async def __aexit__(self, *_):
        """Nothing was started."""


class Client:
    """The client library's."""

    def __init__(self, info, images):
        self._info = info
        self.images = self
        self._images = images

    def info(self):
        return self._info

    def list(self, name):
        return [name] if name in self._images else []

    def close(self):
        """Nothing is open."""


@pytest.fixture
def client(monkeypatch):
    def answer(info, images=()):
        monkeypatch.setattr(engine_client, "connect", lambda _: Client(info, images))

    return answer


def test_a_container_engine_tells_what_it_can_limit(monkeypatch, client):
    monkeypatch.setattr(container_engine, "ContainerEngineService", FoundEngine())
    client(
        {
            "ServerVersion": "28.1",
            "SecurityOptions": ["name=seccomp", "name=rootless"],
            "MemoryLimit": True,
            "CpuCfsQuota": False,
        }
    )

    machine = machine_checks.look()

    assert machine.containers == Containers(
        kind="docker",
        version="28.1",
        url="unix:///run/docker.sock",
        is_rootless=True,
        missing_limits=("CPU",),
        base_image_present=False,
    )


def test_one_that_an_engine_starts_for_itself_has_no_place(monkeypatch, client):
    service = FoundEngine(url="unix://{folder}/podman.sock")
    monkeypatch.setattr(container_engine, "ContainerEngineService", service)
    client({})

    assert machine_checks.look().containers.url is None


def test_without_a_container_engine_the_reason_is_told(monkeypatch):
    monkeypatch.setattr(container_engine, "ContainerEngineService", FoundEngine(missing=True))

    machine = machine_checks.look()

    assert (machine.containers, machine.trouble) == (None, "Found neither")
