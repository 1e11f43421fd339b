"""How quickly an engine is ready, and what it weighs when idle.

    make bench

The time is compared with what no engine could avoid: starting Python and importing the libraries
it stands on, measured in turns with it, so that the ratio holds on a busy machine too.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from tests.running_engine import RunningEngine, free_port

LIBRARIES = "import fastapi, uvicorn, sqlalchemy.ext.asyncio, alembic.command, docker, obstore, jwt"
MEBIBYTE = 2**20
SETTLED = 3.0
"""Seconds after which an engine counts as idle."""


def main() -> None:
    """Measure, and print a JSON document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often; medians are printed")
    rounds = parser.parse_args().rounds
    libraries, engines, weights = [], [], []
    for number in range(rounds + 1):
        floor, (ready, weight) = time_libraries(), time_engine()
        if number:  # the first round fills caches
            libraries.append(floor)
            engines.append(ready)
            weights.append(weight)
    ratios = [ready / floor for ready, floor in zip(engines, libraries, strict=True)]
    result = {
        "engine_ready_seconds": round(statistics.median(engines), 2),
        "libraries_seconds": round(statistics.median(libraries), 2),
        "ready_over_libraries": round(statistics.median(ratios), 2),
        "idle_resident_mebibytes": round(statistics.median(weights)),
        "rounds": rounds,
    }
    print(json.dumps(result, indent=2))


def time_libraries() -> float:
    """Seconds to start Python and import what an engine imports from others."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    return time.perf_counter() - begin


def time_engine() -> tuple[float, float]:
    """Seconds until a new engine answers that it is ready, and its MiB when idle."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "engine.toml"
        configuration.write_text(f"[registry]\nport = {free_port()}\n")
        engine = RunningEngine(data=Path(folder) / "data", configuration=configuration)
        begin = time.perf_counter()
        engine.start()
        ready = time.perf_counter() - begin
        try:
            time.sleep(SETTLED)
            httpx.get(f"{engine.url}/readyz").raise_for_status()
            assert engine.process is not None
            weight = psutil.Process(engine.process.pid).memory_info().rss / MEBIBYTE
        finally:
            engine.stop()
    return ready, weight


if __name__ == "__main__":
    main()
