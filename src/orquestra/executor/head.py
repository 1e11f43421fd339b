"""The first process of a head: starts Ray's head, and the driver that executes runs.

If either of the two ends, so does the other. The exit code is the driver's: 0 when the engine is
done with the cluster. Anything else asks the engine for a fresh head, whose driver goes on from
the values that are stored.
"""

import sys
from datetime import timedelta
from pathlib import Path

from orquestra.executor.addresses import free_port, own_address, ray_folder
from orquestra.executor.pools import AutoscalerFile
from orquestra.executor.processes import Processes
from orquestra.executor.ray_processes import (
    free_shared_memory,
    head_command,
    head_environment,
)
from orquestra.executor.ray_start import LOOPBACK
from orquestra.sdk.schema.cluster import ClusterWork
from orquestra.sdk.schema.starts import HeadStart

_RAY_ENDED = 70
_IDLE_TIMEOUT_SECONDS = 60


def run_head(start: HeadStart) -> int:
    """Be a head until the engine is done with its cluster; the exit code."""
    processes = Processes()
    host = LOOPBACK if start.loopback else own_address()
    port = free_port(host)
    with ray_folder() as folder:
        config = folder / "autoscaler.json"
        _begin_config(start, config)
        environment = head_environment(start)
        command = head_command(
            start,
            host=host,
            port=port,
            config=config,
            folder=folder,
            shared_memory=free_shared_memory(),
        )
        processes.start("ray", command, environment={**environment, **_home(folder)})
        driver = (*_DRIVER, f"{host}:{port}", str(config))
        processes.start("driver", driver, environment=environment)
        name, code = processes.wait()
        # The container goes with this process; there is nothing to close in peace.
        processes.stop(grace=timedelta(seconds=1))
        return code if name == "driver" else _RAY_ENDED


_DRIVER = (sys.executable, "-m", "orquestra.executor", "driver")


def _begin_config(start: HeadStart, path: Path) -> None:
    """Write a configuration without pools: Ray must not wait for what the engine says."""
    nothing = ClusterWork(version=0, runs=[], pools=[], idle_timeout_seconds=_IDLE_TIMEOUT_SECONDS)
    AutoscalerFile(path, cluster_id=start.cluster_id).write(nothing)


def _home(folder: Path) -> dict[str, str]:
    """A home folder for Ray itself, with the file of its cluster launcher, which is not in use.

    Where the file is missing, Ray asks the metadata services of three clouds where it is, even
    though it must not report anything.
    """
    (folder / "ray_bootstrap_config.yaml").write_text("{}\n")
    return {"HOME": str(folder)}
