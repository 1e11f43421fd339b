import docker.errors
import pytest

from orquestra.engine.provisioning.contract import Inventory, Phase
from orquestra.engine.provisioning.naming import CLUSTER_LABEL, ENGINE_LABEL, NODE_LABEL
from orquestra.engine.provisioning.observing import Observer, observe

ID = "a-container-no-kernel-log-names"
LABELS = {ENGINE_LABEL: "e", CLUSTER_LABEL: "run", NODE_LABEL: "node-1"}


@pytest.mark.parametrize(("exit_code", "expected"), [(137, True), (1, True), (0, False)])
def test_kill_for_memory_counts_where_the_container_failed(exit_code, expected):
    seen = observe(inspection(Status="exited", ExitCode=exit_code, OOMKilled=True))

    assert seen.out_of_memory is expected


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("created", Phase.CREATED),
        ("paused", Phase.RUNNING),
        ("dead", Phase.EXITED),
        ("removing", Phase.EXITED),
    ],
)
def test_every_word_of_a_container_engine_has_a_phase(status, phase):
    assert observe(inspection(Status=status)).phase is phase


def inspection(**state):
    return {
        "Id": ID,
        "Config": {"Labels": LABELS},
        "State": {"ExitCode": 0, "OOMKilled": False, **state},
    }


class ContainerThatEnds:
    """A client of one container, which counts how often its details are asked for."""

    def __init__(self) -> None:
        self.api = self
        self.state = "running"
        self.inspections = 0

    def containers(self, **_):
        return [{"Id": ID, "State": self.state, "Labels": LABELS}]

    def inspect_container(self, _):
        self.inspections += 1
        return inspection(Status=self.state, ExitCode=3)

    def networks(self, **_):
        return []


def test_details_of_a_container_are_asked_once_it_has_ended():
    client = ContainerThatEnds()
    observer = Observer(client, engine_id="e")

    (running,) = observer.inventory().containers
    assert (running.phase, running.exit_code, client.inspections) == (Phase.RUNNING, None, 0)

    client.state = "exited"
    for _ in range(2):
        (ended,) = observer.inventory().containers
        assert (ended.phase, ended.exit_code) == (Phase.EXITED, 3)
    assert client.inspections == 1


class PodmanThatLosesContainers:
    """A client whose first listings fail as podman's do when a container is just removed."""

    def __init__(self, *, failures: int, reason: str = "no such container") -> None:
        self.failures = failures
        self.reason = reason
        self.api = self

    def containers(self, **_):
        if self.failures:
            self.failures -= 1
            raise docker.errors.APIError(
                f"500 Server Error: container 8999 does not exist, {self.reason}"
            )
        return []

    def networks(self, **_):
        return []


def test_a_container_removed_in_the_middle_of_a_listing_does_not_fail_it():
    client = PodmanThatLosesContainers(failures=2)

    assert Observer(client, engine_id="e").inventory() == Inventory()


def test_other_failures_of_a_listing_are_told():
    client = PodmanThatLosesContainers(failures=1, reason="disk full")

    with pytest.raises(docker.errors.APIError, match="disk full"):
        Observer(client, engine_id="e").inventory()


class ContainersOfAnEarlierRelease:
    """A client that knows a container and a network whose labels name no cluster."""

    def __init__(self) -> None:
        self.api = self
        self._labels = {"io.orquestra.engine": "e", "io.orquestra.run": "run-1"}

    def containers(self, **_):
        return [{"Id": "old", "State": "created", "Labels": self._labels}]

    def networks(self, **_):
        return [{"Labels": self._labels}]


def test_what_an_earlier_release_has_left_is_not_ours():
    assert Observer(ContainersOfAnEarlierRelease(), engine_id="e").inventory() == Inventory()
