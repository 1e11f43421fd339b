"""The first process of a head's container: Ray's head, and the driver that walks the graph.

If either of the two ends, so does the other. The exit code is the driver's: 0 when the run is
over and the engine knows how it ended. Anything else asks the engine for a fresh head, whose
driver goes on from the artifacts that are stored.
"""

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from orquestra.executor.autoscaling import autoscaler_config
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import RunOver
from orquestra.executor.processes import Processes
from orquestra.executor.ray_processes import (
    free_shared_memory,
    head_command,
    head_environment,
)
from orquestra.sdk.schema.cluster import HeadStart

_RAY_ENDED = 70


def run_head(start: HeadStart) -> int:
    """Be a head until the run is over; the exit code."""
    processes = Processes()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "autoscaler.json"
        if not _write_config(start, config):
            return 0
        environment = head_environment(start)
        command = head_command(start, config=config, shared_memory=free_shared_memory())
        processes.start("ray", command, environment={**environment, **_home(Path(folder))})
        driver = [sys.executable, "-m", "orquestra.executor", "driver"]
        processes.start("driver", driver, environment=environment)
        name, code = processes.wait()
        # The container goes with this process; there is nothing to close in peace.
        processes.stop(grace=timedelta(seconds=1))
        return code if name == "driver" else _RAY_ENDED


def _write_config(start: HeadStart, path: Path) -> bool:
    """False where the run is over already."""
    engine = EngineClient(start)
    try:
        plan = engine.plan()
    except RunOver:
        return False
    finally:
        engine.close()
    # Ray reads YAML, of which JSON is a part. It reads the file anew in every pass.
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(autoscaler_config(plan), indent=2))
    scratch.replace(path)
    return True


def _home(folder: Path) -> dict[str, str]:
    """A home folder for Ray itself, with the file of its cluster launcher, which is not in use.

    Where the file is missing, Ray asks the metadata services of three clouds where it is, even
    though it must not report anything.
    """
    (folder / "ray_bootstrap_config.yaml").write_text("{}\n")
    return {"HOME": str(folder)}
