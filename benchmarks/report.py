"""The JSON document of a run of the benchmarks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.rows import Row


@dataclass(frozen=True, kw_only=True)
class Report:
    """All rows by the benchmark that gave them, and what they were measured with."""

    began: datetime
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    quick: bool
    rows: Mapping[str, Sequence[Row]]

    def document(self) -> dict[str, Any]:
        """The report as JSON knows it."""
        return {
            "began": self.began.isoformat(timespec="seconds"),
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "quick": self.quick,
            "rows": [
                {"benchmark": benchmark, **row_document(row)}
                for benchmark, rows in self.rows.items()
                for row in rows
            ],
        }

    def write(self, path: Path) -> None:
        """Write it in place of an earlier one."""
        path.write_text(json.dumps(self.document(), indent=2, ensure_ascii=False) + "\n")


def row_document(row: Row) -> dict[str, Any]:
    """One row with what follows from it."""
    return {
        "work": row.work,
        "unit": row.unit,
        "medians": {name: row.median(name) for name in row.measurements},
        "ratio": row.ratio(),
        "goal": asdict(row.goal) if row.goal else None,
        "reached": row.reached,
        "problem": row.problem,
        "details": dict(row.details),
        "measurements": {name: list(values) for name, values in row.measurements.items()},
    }
