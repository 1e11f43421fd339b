"""All benchmarks, by the names under which they can be asked for, in the order of a full run."""

import importlib
from collections.abc import Callable, Iterable

from benchmarks.options import Options
from benchmarks.rows import Row

Benchmark = Callable[[Options], Iterable[Row]]

BENCHMARKS = {
    "dispatch": "benchmarks.dispatch",
    "user-program": "benchmarks.user_program",
    "maps": "benchmarks.maps",
    "submission": "benchmarks.submission",
    "local-start": "benchmarks.local_start",
    "containers": "benchmarks.compute_engine.warm_task",
    "cold-image": "benchmarks.compute_engine.cold_image",
    "later-image": "benchmarks.compute_engine.later_image",
    "mixed-images": "benchmarks.compute_engine.mixed_images",
    "standby-memory": "benchmarks.compute_engine.standby_memory",
    "definitions": "benchmarks.definitions",
    "lists": "benchmarks.lists",
    "engine-start": "benchmarks.engine_start",
    "simulation": "benchmarks.simulation.benchmark",
}
"""The module of each; its function `measure` gives the rows."""


def benchmark(name: str) -> Benchmark:
    """The function of a benchmark. Its libraries are imported now, and not before."""
    measure: Benchmark = importlib.import_module(BENCHMARKS[name]).measure
    return measure
