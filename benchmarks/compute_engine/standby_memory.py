"""The memory of one cluster that stands by: all processes of its head and its node."""

from collections.abc import Iterator

import psutil

from benchmarks.compute_engine.running import ComputeEngine, compute_engine
from benchmarks.options import Options
from benchmarks.rows import OURS, Row

MEBIBYTE = 2**20


def measure(options: Options) -> Iterator[Row]:  # noqa: ARG001 - the form of every benchmark
    """One row. A page that several processes share counts in parts (PSS), together once."""
    with compute_engine() as engine:
        parts = _weights(engine, engine.await_standby())
    yield Row(
        work="standby cluster",
        unit="MiB",
        measurements={OURS: [sum(parts.values())]},
        details=parts,
    )


def _weights(engine: ComputeEngine, cluster: str) -> dict[str, float]:
    mine = {"label": f"io.orquestra.cluster={cluster}"}
    return {
        container.labels["io.orquestra.node"]: _weight(container.attrs["State"]["Pid"])
        for container in engine.containers.containers.list(filters=mine)
    }


def _weight(pid: int) -> float:
    first = psutil.Process(pid)
    family = [first, *first.children(recursive=True)]
    return sum(process.memory_full_info().pss for process in family) / MEBIBYTE
