"""What a user's program costs before it submits: importing the SDK, tracing, serialising."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.clock import timed
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from benchmarks.tracing import trace
from benchmarks.works import fan_out

PYTHON = "Python alone"
TRACED = {10_000: 0.5, 100_000: 6.0}
"""Numbers of calls, and the seconds in which they are to be traced and serialised."""


def measure(options: Options) -> Iterator[Row]:
    """One row for the import, and one for each size of a definition."""
    yield _import(options.rounds)
    for calls, limit in TRACED.items():
        if not options.quick or calls == min(TRACED):
            write = partial(_document, calls)
            yield Row(
                work=f"tracing and serialising {calls:,} calls",
                measurements={OURS: [timed(write)[0] for _ in range(options.rounds + 1)][1:]},
                goal=Goal(limit=limit),
            )


def _import(rounds: int) -> Row:
    """Seconds that the import adds to those of Python itself, measured in turns."""
    alone, added = [], []
    for number in range(2 * rounds + 1):
        python, _ = timed(partial(_run, "pass"))
        whole, _ = timed(partial(_run, "import orquestra.sdk"))
        if number:  # the first round fills caches
            alone.append(python)
            added.append(whole - python)
    return Row(
        work="import orquestra.sdk",
        measurements={OURS: added, PYTHON: alone},
        goal=Goal(limit=0.15),
    )


def _run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True)


def _document(calls: int) -> str:
    return trace(partial(fan_out, calls)).model.model_dump_json()
