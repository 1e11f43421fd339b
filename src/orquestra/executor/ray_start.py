"""A process that starts one node of Ray and lives as long as it: what `ray start --block` does.

Measured on two cores: the program `ray` loads for 1.3 s before it begins, this module for 0.4 s.
It also leaves out what nobody uses here and no option of that program switches off: on a head the
servers of Ray's client and of its dashboard, on every node the web server of the dashboard's agent.
Each costs a second of a core at the start and up to 100 MB.

It stands on what Ray 2.60 keeps private; the integration tests look at what comes of it.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NoReturn

from orquestra.executor.errors import UnknownRay
from orquestra.sdk.open_files import allow_many_files

LOOPBACK: Final = "127.0.0.1"
_PAUSE = 0.2


@dataclass(frozen=True, kw_only=True)
class RayNode:
    """One node of Ray: a head listens on `port` and has a file for its `autoscaler`, another joins.

    `memory` and `store` are bytes; `address` is the host of a head, and `<host>:<port>` of the head
    that a node joins. With `loopback` it stays on 127.0.0.1.
    """

    address: str
    folder: str
    cpus: int
    gpus: int
    store: int
    memory: int | None = None
    port: int | None = None
    autoscaler: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    loopback: bool = False

    def command(self) -> list[str]:
        """The command line of its process."""
        return [sys.executable, "-m", "orquestra.executor.ray_start", json.dumps(asdict(self))]


def run(node: RayNode) -> NoReturn:
    """Start a node of Ray, and end with the first of its processes."""
    from ray._private.node import Node

    allow_many_files()
    _leave_out_servers()
    if node.loopback:
        stay_on_loopback()
    is_head = node.port is not None
    running = Node(_parameters(node), head=is_head, shutdown_at_exit=True, spawn_reaper=True)
    while not running.dead_processes():
        time.sleep(_PAUSE)
    running.kill_all_processes(check_alive=False, allow_graceful=False)
    os._exit(1)


def stay_on_loopback() -> None:
    """Let the Ray of this process take 127.0.0.1 for the address of its machine.

    Ray itself replaces that address, wherever it is told it, by one that others could reach.
    """
    from ray._private import services

    _replace(services, "get_node_ip_address", _loopback)


def _parameters(node: RayNode) -> Any:
    from ray._private import services
    from ray._private.parameter import RayParams

    if node.port is None:
        place = {
            "gcs_address": node.address,
            "node_ip_address": services.get_node_ip_address(node.address),
        }
    else:
        place = {"gcs_server_port": node.port, "node_ip_address": node.address}
    return RayParams(
        **place,
        num_cpus=node.cpus,
        num_gpus=node.gpus,
        memory=node.memory,
        object_store_memory=node.store,
        labels=dict(node.labels),
        autoscaling_config=node.autoscaler,
        temp_dir=node.folder,
        # Else from a fixed range, or fixed, and another Ray on this machine would use them too.
        min_worker_port=0,
        max_worker_port=0,
        dashboard_agent_listen_port=0,
        dashboard_port=0,
        include_dashboard=False,
        include_log_monitor=False,
    )


def _leave_out_servers() -> None:
    from ray._private import utils
    from ray._private.node import Node

    _replace(Node, "start_api_server", _start_nothing)
    # What Ray itself takes for the sign of an installation without web servers.
    _replace(utils, "get_dashboard_dependency_error", _no_dashboard)


def _replace(owner: Any, name: str, new: Callable[..., object]) -> None:
    if not hasattr(owner, name):
        import ray

        raise UnknownRay(
            f"Ray {ray.__version__} has no {owner.__name__}.{name}. Install the release of Ray "
            "that the constraints of this release of Orquestra name."
        )
    setattr(owner, name, new)


def _loopback(address: str | None = None) -> str:  # noqa: ARG001 - in place of a function of Ray
    return LOOPBACK


def _no_dashboard() -> ImportError:
    return ImportError("This cluster has no dashboard")


def _start_nothing(*_: object, **__: object) -> None:
    """In place of what would start a process."""


if __name__ == "__main__":
    run(RayNode(**json.loads(sys.argv[1])))
