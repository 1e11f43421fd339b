"""The runs of this process.

The latest `MOST_RUNS` that have ended are kept whole, values and logs included, but no more than
`MOST_BYTES` of them together: what is older is forgotten, as nothing is written to a disk. A run
whose `WorkflowRun` the program still holds is never forgotten.
"""

import threading
from collections import Counter
from weakref import WeakValueDictionary

from orquestra.sdk.exceptions import WorkflowRunNotFoundError
from orquestra.sdk.in_process.records import RunRecord
from orquestra.sdk.schema import ir

MOST_RUNS = 100
MOST_BYTES = 1 << 30


class History:
    """Remembers runs. Its methods may be called from any thread."""

    def __init__(self, *, most_runs: int = MOST_RUNS, most_bytes: int = MOST_BYTES) -> None:
        self._most_runs = most_runs
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._numbers: Counter[str] = Counter()
        self._running: dict[str, RunRecord] = {}
        self._ended: dict[str, tuple[RunRecord, int]] = {}
        self._alive: WeakValueDictionary[str, RunRecord] = WeakValueDictionary()

    def begin(self, definition: ir.WorkflowDef, *, dry_run: bool) -> RunRecord:
        """A new run, `<name of the workflow>-<n>` by its id."""
        with self._lock:
            self._numbers[definition.name] += 1
            run_id = f"{definition.name}-{self._numbers[definition.name]}"
            record = RunRecord(run_id, definition, dry_run=dry_run)
            self._running[run_id] = self._alive[run_id] = record
            return record

    def end(self, record: RunRecord) -> None:
        """A run is over; older ones may have to go."""
        with self._lock:
            self._ended[record.run_id] = self._running.pop(record.run_id), record.size()
            while len(self._ended) > 1 and self._is_full():
                del self._ended[next(iter(self._ended))]

    def find(self, run_id: str) -> RunRecord:
        """A run by its id.

        Raises:
            WorkflowRunNotFoundError: there is none, or it is forgotten.
        """
        record = self._alive.get(run_id)
        if record is None:
            raise WorkflowRunNotFoundError(
                f"This process has no workflow run {run_id!r}. In-process runs are known to their "
                f"own process only, and only the last {self._most_runs} of them."
            )
        return record

    def newest_first(self) -> list[RunRecord]:
        """All runs that are known."""
        with self._lock:
            known = list(self._alive.values())
        return sorted(known, key=lambda record: record.started_at, reverse=True)

    def _is_full(self) -> bool:
        total = sum(size for _, size in self._ended.values())
        return len(self._ended) > self._most_runs or total > self._most_bytes
