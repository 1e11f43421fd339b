"""Where runs execute, as tests see it past the engine: in containers, or in host processes."""

import contextlib
from dataclasses import dataclass

import docker
import psutil

from orquestra.sdk.configuration.config import RuntimeConfig
from tests.running_engine import RunningEngine, wait_for

ENGINE_LABEL = "io.orquestra.engine"
NODE_VARIABLE = "ORQUESTRA_NODE"
"""Marks every process of a head or node: `<engine>/<cluster>/<node>`."""


@dataclass
class Containers:
    """Containers and networks of engines, as the container engine lists them."""

    engine: RunningEngine
    config: RuntimeConfig
    client: docker.DockerClient

    def listed(self, **labels: str) -> list[dict]:
        """Containers as they are listed; podman fails a listing in which one is removed."""
        wanted = [f"{ENGINE_LABEL}={self.engine.engine_id}"]
        wanted += [f"io.orquestra.{name}={value}" for name, value in labels.items()]
        while True:
            try:
                return self.client.api.containers(all=True, filters={"label": wanted})
            except docker.errors.APIError as error:
                if "no such container" not in str(error):
                    raise

    def networks(self) -> list:
        label = f"{ENGINE_LABEL}={self.engine.engine_id}"
        return self.client.networks.list(filters={"label": label})

    def members(self, run_id: str) -> dict[str, object]:
        """What the run's cluster consists of, by node."""
        found = self.listed(cluster=run_id)
        return {c["Labels"]["io.orquestra.node"]: c["Id"] for c in found}

    def kill(self, run_id: str, node_id: str) -> None:
        """End a head or node at once, as when its machine goes."""
        (container,) = self.listed(cluster=run_id, node=node_id)
        self.client.api.kill(container["Id"])

    def nothing_left(self, run_id: str) -> bool:
        networks = [n for n in self.networks() if run_id in str(n.attrs.get("Labels"))]
        return not self.listed(cluster=run_id) and not networks


@dataclass
class HostProcesses:
    """Processes of a local runtime, as the kernel lists them. Its runs share one cluster."""

    engine: RunningEngine
    config: RuntimeConfig

    def members(self, run_id: str) -> dict[str, object]:
        """The first process of the head and of each node of the cluster."""
        firsts: dict[str, psutil.Process] = {}
        for process, node_id in self._processes():
            first = firsts.get(node_id)
            if first is None or process.create_time() < first.create_time():
                firsts[node_id] = process
        return {node_id: process.pid for node_id, process in firsts.items()}

    def kill(self, run_id: str, node_id: str) -> None:
        """End a head or node at once, with all its processes."""
        for process, name in list(self._processes()):
            if name == node_id:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def nothing_left(self, run_id: str) -> bool:
        clusters = self.engine.data / "run" / "clusters"
        return not list(clusters.glob(f"*/exchange/{run_id}.*"))

    def _processes(self):
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                marker = process.environ().get(NODE_VARIABLE, "").split("/")
                if marker[0] == self.engine.engine_id and process.status() != psutil.STATUS_ZOMBIE:
                    yield process, marker[-1]


Place = Containers | HostProcesses


def wait_until_finished(place: Place, run, *, within: float = 150):
    """Wait for a run's end and until nothing of it is left; its last status."""
    wait_for(
        lambda: run.get_status().is_completed(),
        within=within,
        what=lambda: f"{run.run_id} to end:\n{run.get_status_model().status}\n{place.engine.log}",
    )
    wait_for(
        lambda: place.nothing_left(run.run_id),
        within=60,
        what=lambda: f"{run.run_id} to be released:\n{place.engine.log}",
    )
    return run.get_status_model()
