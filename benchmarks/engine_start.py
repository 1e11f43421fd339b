"""How quickly an engine is ready, and what it weighs when idle.

The time is compared with what no engine could avoid: starting Python and importing the libraries
it stands on, measured in turns with it, so that the ratio holds on a busy machine too.
"""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from benchmarks.clock import timed
from benchmarks.engines import engine_folder
from benchmarks.options import Options
from benchmarks.rows import OURS, Row
from tests.running_engine import RunningEngine

LIBRARIES = "import fastapi, uvicorn, sqlalchemy.ext.asyncio, alembic.command, docker, psutil, jwt"
IMPORTS = "imports alone"
MEBIBYTE = 2**20
SETTLED = 3.0
"""Seconds after which an engine counts as idle."""


def measure(options: Options) -> Iterator[Row]:
    """Time to be ready, and memory."""
    floors, engines, weights = [], [], []
    for number in range(options.rounds + 1):
        floor, _ = timed(_import_libraries)
        ready, weight = _engine()
        if number:  # the first round fills caches
            floors.append(floor)
            engines.append(ready)
            weights.append(weight)
    ratios = [ready / floor for ready, floor in zip(engines, floors, strict=True)]
    yield Row(
        work="engine ready",
        measurements={OURS: engines, IMPORTS: floors},
        details={"ratio_to_imports": ratios},
    )
    yield Row(work="engine, idle", unit="MiB", measurements={OURS: weights})


def _import_libraries() -> None:
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)


def _engine() -> tuple[float, float]:
    """Seconds until a new engine answers that it is ready, and its MiB when idle."""
    with engine_folder() as engine:
        ready, _ = timed(engine.start)
        try:
            return ready, _idle_weight(engine)
        finally:
            engine.stop()


def _idle_weight(engine: RunningEngine) -> float:
    time.sleep(SETTLED)
    assert engine.is_ready()
    assert engine.process is not None
    return psutil.Process(engine.process.pid).memory_info().rss / MEBIBYTE
