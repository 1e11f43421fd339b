"""What the command line says to every benchmark."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import DASK, OURS, RAW_RAY

SYSTEMS = {RAW_RAY: "raw_ray", DASK: "dask", OURS: "local_runtime"}
"""The compared systems and their modules below `benchmarks.systems`, in the order of a round."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to measure. `output` takes logs, too; `systems` are the keys of `SYSTEMS` to compare."""

    output: Path
    quick: bool = False
    rounds: int = 5
    systems: tuple[str, ...] = tuple(SYSTEMS)
