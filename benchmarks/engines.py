"""Engines that run nothing: for what their API and their database cost."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.running_engine import RunningEngine, free_port


@contextmanager
def engine_folder() -> Iterator[RunningEngine]:
    """An engine that has not been started, with a new data folder and no standby clusters."""
    with tempfile.TemporaryDirectory(prefix="orq-bench-") as folder:
        configuration = Path(folder) / "engine.toml"
        configuration.write_text(f"[registry]\nport = {free_port()}\n[nodes]\nstandby = 0\n")
        yield RunningEngine(data=Path(folder) / "data", configuration=configuration)


@contextmanager
def started(engine: RunningEngine) -> Iterator[httpx.Client]:
    """The same engine while it is up, seen by a user who is logged in."""
    engine.start()
    try:
        headers = {"Authorization": f"Bearer {engine.token()}", "Content-Type": "application/json"}
        with httpx.Client(base_url=engine.url, headers=headers, timeout=60) as client:
            yield client
    finally:
        engine.stop()
