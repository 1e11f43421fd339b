from datetime import UTC, datetime

import docker.errors
import pytest

from orquestra.engine.provisioning.contract import Inventory, Phase
from orquestra.engine.provisioning.naming import CLUSTER_LABEL, NODE_LABEL, POOL_LABEL
from orquestra.engine.provisioning.observing import Observer, observe

NEVER = "0001-01-01T00:00:00Z"
NOON = "2026-01-02T12:00:00.123456789Z"
LATER = "2026-01-02T12:00:01+00:00"


def test_running_container_has_started_and_not_ended():
    seen = observe(inspection(Status="running", StartedAt=NOON, FinishedAt=NEVER))

    assert seen.phase is Phase.RUNNING
    assert seen.started_at == datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)
    assert (seen.ended_at, seen.exit_code) == (None, None)


def test_end_of_an_earlier_life_is_not_the_end_of_this_one():
    seen = observe(inspection(Status="running", StartedAt=LATER, FinishedAt=NOON))

    assert seen.ended_at is None


def test_container_that_was_over_before_its_start_was_noted_ends_no_earlier_than_it_starts():
    seen = observe(inspection(Status="exited", StartedAt=LATER, FinishedAt=NOON))

    assert seen.started_at == seen.ended_at


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


@pytest.mark.parametrize(("label", "pool"), [("pool-1", "pool-1"), ("", None)])
def test_head_is_the_container_without_a_pool(label, pool):
    assert observe(inspection(pool=label, Status="running")).pool_id == pool


def inspection(*, pool="pool-1", **state):
    return {
        "Id": "a-container-no-kernel-log-names",
        "Config": {"Labels": {CLUSTER_LABEL: "run", POOL_LABEL: pool, NODE_LABEL: "node-1"}},
        "State": {
            "ExitCode": 0,
            "OOMKilled": False,
            "StartedAt": NOON,
            "FinishedAt": LATER,
            **state,
        },
    }


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
